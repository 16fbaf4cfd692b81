-- webhook.take_due(lease_seconds, total, per_webhook, exception_sids, exception_free): takes work that is due.
--
-- At most `total`, the longest due first; of each webhook at most `per_webhook`, or as many as `exception_free` says for
-- those in `exception_sids`: so a receiver with a long backlog takes nobody's turn. Taking counts an attempt and pushes
-- due_at ahead by the lease: if the taker dies, the work is due again when it lapses. Work that somebody else is taking
-- is skipped. The webhook's URL and secret are null if it is deleted or disabled now.
CREATE OR REPLACE FUNCTION webhook.take_due(
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
    moment timestamptz := clock_timestamp();
BEGIN
    RETURN QUERY
    WITH RECURSIVE receiver(webhook_sid) AS (  -- the distinct webhooks with unfinished work, one index probe for each
        (SELECT d.webhook_sid FROM webhook.delivery AS d
          WHERE d.status = 'due' ORDER BY d.webhook_sid LIMIT 1)
        UNION ALL
        SELECT (SELECT d.webhook_sid FROM webhook.delivery AS d
                 WHERE d.status = 'due' AND d.webhook_sid > r.webhook_sid ORDER BY d.webhook_sid LIMIT 1)
          FROM receiver AS r
         WHERE r.webhook_sid IS NOT NULL
    ),
    taken AS (
        SELECT o.epoch, o.shard, o.position, o.webhook_sid
          FROM receiver AS r
          LEFT JOIN unnest(exception_sids, exception_free) AS x(webhook_sid, free) ON x.webhook_sid = r.webhook_sid
         CROSS JOIN LATERAL (
               SELECT d.epoch, d.shard, d.position, d.webhook_sid, d.due_at
                 FROM webhook.delivery AS d
                WHERE d.status = 'due' AND d.webhook_sid = r.webhook_sid AND d.due_at <= moment
                ORDER BY d.due_at
                LIMIT coalesce(x.free, per_webhook)
                  FOR UPDATE SKIP LOCKED
               ) AS o
         WHERE r.webhook_sid IS NOT NULL
         ORDER BY o.due_at
         LIMIT total
    ),
    leased AS (
        UPDATE webhook.delivery AS d
           SET attempts = d.attempts + 1, due_at = moment + make_interval(secs => lease_seconds)
          FROM taken AS t
         WHERE (d.epoch, d.shard, d.position, d.webhook_sid) = (t.epoch, t.shard, t.position, t.webhook_sid)
        RETURNING d.*
    )
    SELECT l.epoch, l.shard, l.position, l.webhook_sid, l.id, l.event_type, l.attempts,
           extract(epoch FROM moment - l.created_at)::double precision,
           w.account_sid, w.service_sid, w.stream_id, w.body_version,
           CASE WHEN w.status = 'enabled' THEN w.webhook_url END, CASE WHEN w.status = 'enabled' THEN w.secret END
      FROM leased AS l
      JOIN webhook.webhook AS w ON w.stream_id = substr(l.webhook_sid, 3)::uuid;
END
$$;
