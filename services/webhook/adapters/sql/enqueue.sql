-- webhook.enqueue(…move…, events, …room…): events to deliveries, and the subscription's position beyond them.
--
-- The move (`subscriber` to `moved_event`) is that of pushward/eventlog/subscription: it counts only if `moved_owner`
-- still has the shard and its position is still `seen`; otherwise nothing happens, and PW003 is raised.
--
-- Every live, enabled webhook of an event's service that subscribed to it, and is no younger than it, gets a delivery;
-- one that exists already is left alone. All `events` are of the shard that moves.
--
-- As many of the new ones as the caller has room for (`total`; `per_webhook` of each webhook, or as many as
-- `exception_free` says for those in `exception_sids`) are taken for it at once: they are returned with their lease
-- running, and need no webhook.take_due. For the others a row with attempts = 0 is returned: they are due now.
CREATE OR REPLACE FUNCTION webhook.enqueue(
    subscriber     text,
    moved_shard    integer,
    moved_owner    uuid,
    seen           bigint,
    moved_to       bigint,
    moved_event    uuid,
    events         webhook.candidate[],
    lease_seconds  double precision,
    total          integer,
    per_webhook    integer,
    exception_sids text[],
    exception_free integer[]
)
RETURNS SETOF webhook.work
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment        timestamptz := clock_timestamp();
    current_epoch integer;
BEGIN
    UPDATE webhook.subscription AS s SET position = moved_to, event_id = moved_event
     WHERE s.name = subscriber AND s.shard = moved_shard AND s.owner = moved_owner AND s.position = seen
    RETURNING s.epoch INTO current_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'shard % is no longer this subscriber''s', moved_shard USING ERRCODE = 'PW003';
    END IF;

    RETURN QUERY
    WITH matched AS (
        SELECT current_epoch AS epoch, e.shard, e.position, e.event_type,
               w.webhook_sid, w.account_sid, w.service_sid, w.stream_id, w.body_version, w.webhook_url, w.secret,
               row_number() OVER (ORDER BY e.position) <= total
               AND row_number() OVER (PARTITION BY w.webhook_sid ORDER BY e.position) <= coalesce(x.free, per_webhook)
                   AS taken
          FROM unnest(events) AS e
          JOIN webhook.webhook AS w
            ON w.service_sid = e.service_sid AND w.account_sid = e.account_sid AND NOT w.deleted
           AND w.status = 'enabled' AND w.date_created <= e.recorded_at AND w.event_types && e.matched_by
          LEFT JOIN unnest(exception_sids, exception_free) AS x(webhook_sid, free) ON x.webhook_sid = w.webhook_sid
    ),
    inserted AS (
        INSERT INTO webhook.delivery AS d
               (epoch, shard, position, webhook_sid, id, event_type, status, attempts, due_at, created_at)
        SELECT m.epoch, m.shard, m.position, m.webhook_sid,
               webhook.delivery_id(m.epoch, m.shard, m.position, m.webhook_sid), m.event_type, 'due', m.taken::integer,
               CASE WHEN m.taken THEN moment + make_interval(secs => lease_seconds) ELSE moment END, moment
          FROM matched AS m
            ON CONFLICT DO NOTHING
        RETURNING d.epoch, d.shard, d.position, d.webhook_sid, d.id, d.attempts
    )
    SELECT m.epoch, m.shard, m.position, m.webhook_sid, i.id, m.event_type, i.attempts, 0::double precision,
           m.account_sid, m.service_sid, m.stream_id, m.body_version, m.webhook_url, m.secret
      FROM inserted AS i
      JOIN matched AS m USING (shard, position, webhook_sid)
     ORDER BY m.shard, m.position;
END
$$;
