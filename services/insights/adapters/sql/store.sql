-- insights.store(of_epoch, rows, of_owner, of_term): stores what the live instance has counted, if it still is the live one.
--
-- A row changes only if it goes further: a value of an earlier state of the counter (it was killed, and counts again) or of
-- an earlier epoch changes nothing, and never what a recount has corrected. Returns false, and stores nothing, when the
-- term is over.
CREATE OR REPLACE FUNCTION insights.store(
    of_epoch integer, rows insights.counted[], of_owner uuid, of_term bigint
)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM insights.lease
      WHERE name = 'live' AND owner = of_owner AND term = of_term AND expires_at > clock_timestamp()
        FOR SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO insights.figures AS f
           (sid, window_start, shard, service_sid, epoch, position, created, approved, denied, expired, answered,
            time_to_answer_ms_sum, time_to_answer_ms_max, suspected_push_bombing)
    SELECT r.sid, r.window_start, r.shard, r.service_sid, of_epoch, r.position, r.created, r.approved, r.denied,
           r.expired, r.answered, r.time_to_answer_ms_sum, r.time_to_answer_ms_max, r.suspected_push_bombing
      FROM unnest(rows) AS r
     ORDER BY r.sid, r.window_start, r.shard
        ON CONFLICT (sid, window_start, shard) DO UPDATE
       SET service_sid = EXCLUDED.service_sid,
           epoch = EXCLUDED.epoch,
           position = EXCLUDED.position,
           created = EXCLUDED.created,
           approved = EXCLUDED.approved,
           denied = EXCLUDED.denied,
           expired = EXCLUDED.expired,
           answered = EXCLUDED.answered,
           time_to_answer_ms_sum = EXCLUDED.time_to_answer_ms_sum,
           time_to_answer_ms_max = EXCLUDED.time_to_answer_ms_max,
           suspected_push_bombing = EXCLUDED.suspected_push_bombing,
           stored_at = clock_timestamp()
     WHERE (EXCLUDED.epoch, EXCLUDED.position) > (f.epoch, f.position);
    RETURN true;
END
$$;
