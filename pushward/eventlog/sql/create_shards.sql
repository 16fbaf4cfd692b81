-- log.create_shards(count): fixes the number of shards, once, and makes a partition for each.
--
-- Asked again with the same count it does nothing. Raises PW002 for another count: SIDs carry their shard, so the
-- number can't change.
CREATE OR REPLACE FUNCTION log.create_shards(count integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    existing integer;
BEGIN
    SELECT pg_catalog.count(*) INTO existing FROM log.shard;
    IF existing = create_shards.count THEN
        RETURN;
    ELSIF existing > 0 THEN
        RAISE EXCEPTION 'the log has % shards, not %', existing, create_shards.count USING ERRCODE = 'PW002';
    END IF;
    FOR number IN 0 .. create_shards.count - 1 LOOP
        EXECUTE format('CREATE TABLE log.event_%s PARTITION OF log.event FOR VALUES IN (%s)', number, number);
        INSERT INTO log.shard (shard) VALUES (number);
    END LOOP;
    INSERT INTO log.epoch (epoch, system_identifier, timeline)
    SELECT 1, i.system_identifier, i.timeline FROM log.identity() AS i;
END
$$;
