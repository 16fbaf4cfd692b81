-- insights.repair(of_epoch, rows, unfounded): makes rows what the log says they are.
--
-- Unlike insights.store it also changes a row at the very position that it was counted up to. A row that has gone further
-- meanwhile is left alone. `unfounded` are rows that the log has no event for, as they were read: they go.
CREATE OR REPLACE FUNCTION insights.repair(
    of_epoch integer, rows insights.counted[], unfounded insights.counted[]
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM insights.figures AS f
     USING unnest(unfounded) AS u
     WHERE f.sid = u.sid AND f.window_start = u.window_start AND f.shard = u.shard
       AND (f.epoch < of_epoch OR f.position = u.position);
    -- A miscounted row may claim a position that the log doesn't have for it: such a one goes first.
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
     WHERE (EXCLUDED.epoch, EXCLUDED.position) >= (f.epoch, f.position);
END
$$;
