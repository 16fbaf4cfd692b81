-- notifier.enqueue(pushes): stores the pushes that events ask for; one that exists already is left alone.
--
-- Runs in the transaction that moves the subscription's position. A push that no channel can carry ends at once, unsent.
CREATE OR REPLACE FUNCTION notifier.enqueue(pushes notifier.requested[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    INSERT INTO notifier.push
           (epoch, shard, position, id, challenge_sid, factor_sid, platform, status, attempts, due_at, last_result,
            created_at, finished_at, requested_at, notification_sid, ttl_seconds, tell_at)
    SELECT s.epoch, p.shard, p.position, p.id, p.challenge_sid, p.factor_sid, p.platform,
           CASE WHEN p.has_channel THEN 'due' ELSE 'undeliverable' END, 0, moment,
           CASE WHEN p.has_channel THEN NULL ELSE 'no_channel' END, moment,
           CASE WHEN p.has_channel THEN NULL ELSE moment END,
           p.requested_at, p.notification_sid, p.ttl_seconds,
           CASE WHEN p.has_channel THEN NULL ELSE moment END
      FROM unnest(pushes) AS p
      JOIN notifier.subscription AS s ON s.name = 'notifier' AND s.shard = p.shard
        ON CONFLICT DO NOTHING;
END
$$;
