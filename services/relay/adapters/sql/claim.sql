-- relay.claim(claimant, seconds): takes or renews the leases of this process's share of the shards; returns them.
--
-- A share is the number of shards over that of the processes seen lately, rounded up; what one holds beyond it is given
-- back. The term grows unless the claimant held the shard without a break. `is_as_sent` is false if the log no longer
-- has the event at the kept position of the current epoch: the log was rewritten under a running relay.
CREATE OR REPLACE FUNCTION relay.claim(claimant uuid, seconds double precision)
RETURNS TABLE (
    shard integer, term bigint, epoch integer, "position" bigint, event_id uuid,
    current_epoch integer, shards integer, is_as_sent boolean
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    until timestamptz := clock_timestamp() + make_interval(secs => seconds);
    total integer;
    share integer;
    now_in integer;
BEGIN
    INSERT INTO relay.lease (shard) SELECT s.shard FROM log.shard AS s ON CONFLICT (shard) DO NOTHING;
    INSERT INTO relay.member AS m (owner, seen_until) VALUES (claimant, until)
        ON CONFLICT (owner) DO UPDATE SET seen_until = EXCLUDED.seen_until;
    SELECT count(*) INTO total FROM relay.lease;
    SELECT ceil(total::numeric / greatest(1, count(*))) INTO share FROM relay.member AS m WHERE m.seen_until > clock_timestamp();
    SELECT max(e.epoch) INTO now_in FROM log.epoch AS e;

    WITH mine AS (
        SELECT l.shard FROM relay.lease AS l WHERE l.owner = claimant ORDER BY l.shard LIMIT share
    )
    UPDATE relay.lease AS l SET owner = NULL, leased_until = NULL
     WHERE l.owner = claimant AND l.shard NOT IN (SELECT m.shard FROM mine AS m);

    RETURN QUERY
    WITH mine AS (
        SELECT l.shard FROM relay.lease AS l WHERE l.owner = claimant FOR UPDATE
    ),
    free AS (
        SELECT l.shard FROM relay.lease AS l
         WHERE l.owner IS NULL OR l.owner <> claimant AND l.leased_until < clock_timestamp()
         ORDER BY l.shard
         LIMIT (SELECT greatest(0, share - (SELECT count(*) FROM mine)))
         FOR UPDATE SKIP LOCKED
    ),
    claimed AS (
        UPDATE relay.lease AS l
           SET term = l.term + CASE WHEN l.owner = claimant AND l.leased_until >= clock_timestamp() THEN 0 ELSE 1 END,
               owner = claimant,
               leased_until = until
         WHERE l.shard IN (SELECT m.shard FROM mine AS m UNION ALL SELECT f.shard FROM free AS f)
        RETURNING l.shard, l.term, l.epoch, l.position, l.event_id
    )
    SELECT c.shard, c.term, c.epoch, c.position, c.event_id, now_in, total,
           c.position = 0 OR c.epoch <> now_in OR EXISTS (
               SELECT FROM log.event AS e
                WHERE e.shard = c.shard AND e.position = c.position AND e.event_id = c.event_id)
      FROM claimed AS c;
END
$$;
