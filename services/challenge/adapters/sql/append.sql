-- challenge.append(appends, expected, events, rows and their events of each table, revision): log.append and the state.
--
-- For each table: its rows as `evolve` made them, and for each row the event (its index in `events` from 1) that changed
-- it last. Rows of refused appends, and of appends that had been stored before, are not written. A table without rows in
-- the batch costs nothing. Raises PW001 for a caller that was written for another revision of the state tables.
CREATE OR REPLACE FUNCTION challenge.append(
    appends           log.append_header[],
    expected          log.expected_version[],
    events            log.new_event[],
    challenges        challenge.challenge_row[],
    challenge_events  integer[],
    totp_usages       challenge.totp_usage_row[],
    totp_usage_events integer[],
    revision          integer,
    OUT fates         smallint[],
    OUT positions     bigint[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome log.append_outcome;
BEGIN
    IF revision <> 2 THEN
        RAISE EXCEPTION 'the state tables are of revision 2, the caller of %', revision USING ERRCODE = 'PW001';
    END IF;

    outcome := log.append(appends, expected, events, 40::smallint, 49::smallint);

    INSERT INTO challenge.challenge AS t (
           shard, position, stream_id, version, sid, account_sid, service_sid, entity_sid, identity, factor_sid,
           factor_type, status, details, hidden_details, metadata, receipt, expiration_date, date_created,
           date_updated, date_responded, attempts, notifications)
    SELECT r.shard, outcome.positions[r.event], r.stream_id, r.version, r.sid, r.account_sid, r.service_sid,
           r.entity_sid, r.identity, r.factor_sid, r.factor_type, r.status, r.details, r.hidden_details, r.metadata,
           r.receipt, r.expiration_date, r.date_created, r.date_updated, r.date_responded, r.attempts,
           r.notifications
      FROM unnest(challenges, challenge_events) AS r(
           shard, position, stream_id, version, sid, account_sid, service_sid, entity_sid, identity, factor_sid,
           factor_type, status, details, hidden_details, metadata, receipt, expiration_date, date_created,
           date_updated, date_responded, attempts, notifications, event)
     WHERE outcome.positions[r.event] IS NOT NULL
        ON CONFLICT (stream_id) DO UPDATE
       SET (position, version, status, details, hidden_details, metadata, receipt, date_updated, date_responded,
            attempts, notifications)
         = (EXCLUDED.position, EXCLUDED.version, EXCLUDED.status, EXCLUDED.details, EXCLUDED.hidden_details,
            EXCLUDED.metadata, EXCLUDED.receipt, EXCLUDED.date_updated, EXCLUDED.date_responded, EXCLUDED.attempts,
            EXCLUDED.notifications);

    IF cardinality(totp_usages) > 0 THEN
        INSERT INTO challenge.totp_usage AS t (shard, position, stream_id, version, factor_sid, creations)
        SELECT r.shard, outcome.positions[r.event], r.stream_id, r.version, r.factor_sid, r.creations
          FROM unnest(totp_usages, totp_usage_events) AS r(
               shard, position, stream_id, version, factor_sid, creations, event)
         WHERE outcome.positions[r.event] IS NOT NULL
            ON CONFLICT (stream_id) DO UPDATE
           SET (position, version, creations) = (EXCLUDED.position, EXCLUDED.version, EXCLUDED.creations);
    END IF;

    fates := outcome.fates;
    positions := outcome.positions;
END
$$;
