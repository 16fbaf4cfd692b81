-- relay.keep(claimant, positions): keeps acknowledged positions; returns the shards that the claimant still holds.
--
-- Losing the last of these to a crash of the database costs duplicates only, so nobody waits for a disk.
CREATE OR REPLACE FUNCTION relay.keep(claimant uuid, positions relay.kept[])
RETURNS SETOF integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY
    UPDATE relay.lease AS l
       SET epoch = k.epoch, position = k.position, event_id = k.event_id
      FROM unnest(positions) AS k
     WHERE l.shard = k.shard AND l.owner = claimant AND l.term = k.term
    RETURNING l.shard;
END
$$;
