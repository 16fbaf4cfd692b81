-- notifier.prune(keep_seconds, per_shard): forgets expired device streams, and pushes older than that.
--
-- Returns how many pushes. Looks at the `per_shard` oldest rows of each shard only: rows of a shard are as old as their
-- positions say.
CREATE OR REPLACE FUNCTION notifier.prune(keep_seconds double precision, per_shard integer)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    pruned integer;
BEGIN
    DELETE FROM notifier.device_stream WHERE expires_at <= clock_timestamp();
    DELETE FROM notifier.push AS p
     USING log.epoch AS e
     CROSS JOIN log.shard AS s
     CROSS JOIN LATERAL (
           SELECT o.position, o.created_at
             FROM notifier.push AS o
            WHERE o.epoch = e.epoch AND o.shard = s.shard
            ORDER BY o.position
            LIMIT per_shard
           ) AS old
     WHERE (p.epoch, p.shard, p.position) = (e.epoch, s.shard, old.position)
       AND old.created_at < clock_timestamp() - make_interval(secs => keep_seconds);
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END
$$;
