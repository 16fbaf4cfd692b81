-- webhook.append(appends, expected, events, webhooks, webhook_events, revision): a batch of appends with its state rows.
--
-- log.append decides each append's fate and hands out positions; the rows of the accepted ones are written here, in the
-- same transaction. `webhook_events` names for each row, by its index from 1, the event that changed it last.
-- Raises PW001 for a caller that was written for another revision of the state tables.
CREATE OR REPLACE FUNCTION webhook.append(
    appends        log.append_header[],
    expected       log.expected_version[],
    events         log.new_event[],
    webhooks       webhook.webhook_row[],
    webhook_events integer[],
    revision       integer,
    OUT fates      smallint[],
    OUT positions  bigint[]
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome log.append_outcome;
BEGIN
    IF revision <> 1 THEN
        RAISE EXCEPTION 'webhook''s state tables have revision 1, the caller %', revision USING ERRCODE = 'PW001';
    END IF;
    outcome := log.append(appends, expected, events, 50::smallint, 59::smallint);
    IF cardinality(webhooks) > 0 THEN
        INSERT INTO webhook.webhook AS t
        SELECT r.shard, outcome.positions[r.event], r.stream_id, r.version, r.webhook_sid, r.account_sid, r.service_sid,
               r.friendly_name, r.event_types, r.webhook_url, r.secret, r.status, r.body_version, r.date_created,
               r.date_updated, r.deleted
          FROM ROWS FROM (unnest(webhooks), unnest(webhook_events))
            AS r(shard, position, stream_id, version, webhook_sid, account_sid, service_sid, friendly_name, event_types,
                 webhook_url, secret, status, body_version, date_created, date_updated, deleted, event)
         WHERE outcome.positions[r.event] IS NOT NULL
            ON CONFLICT (stream_id) DO UPDATE SET
               (shard, position, version, friendly_name, event_types, webhook_url, secret, status, body_version,
                date_updated, deleted) =
               (EXCLUDED.shard, EXCLUDED.position, EXCLUDED.version, EXCLUDED.friendly_name, EXCLUDED.event_types,
                EXCLUDED.webhook_url, EXCLUDED.secret, EXCLUDED.status, EXCLUDED.body_version,
                EXCLUDED.date_updated, EXCLUDED.deleted);
    END IF;
    fates := outcome.fates;
    positions := outcome.positions;
END
$$;
