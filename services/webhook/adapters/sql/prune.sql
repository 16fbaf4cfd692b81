-- webhook.prune(keep_seconds, per_shard): forgets finished deliveries older than that; returns how many.
--
-- Looks at the `per_shard` oldest rows of each shard only: rows of a shard are as old as their positions say.
CREATE OR REPLACE FUNCTION webhook.prune(keep_seconds double precision, per_shard integer)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    pruned integer;
BEGIN
    DELETE FROM webhook.delivery AS d
     USING log.epoch AS e
     CROSS JOIN log.shard AS s
     CROSS JOIN LATERAL (
           SELECT o.position, o.webhook_sid, o.status, o.created_at
             FROM webhook.delivery AS o
            WHERE o.epoch = e.epoch AND o.shard = s.shard
            ORDER BY o.position
            LIMIT per_shard
           ) AS old
     WHERE (d.epoch, d.shard, d.position, d.webhook_sid) = (e.epoch, s.shard, old.position, old.webhook_sid)
       AND old.status <> 'due'
       AND old.created_at < clock_timestamp() - make_interval(secs => keep_seconds);
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END
$$;
