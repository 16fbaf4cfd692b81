-- log.install_subscription(schema_name, subscription, role_name): makes a subscriber's positions, at the head of every shard.
--
-- They are kept in `<schema>.subscription` (log.make_subscription_tables), a row for each shard. A missing row is an
-- error for the subscriber, never "from the start". Shards that have a row are left as they are, so it can be run again.
CREATE OR REPLACE FUNCTION log.install_subscription(schema_name text, subscription text, role_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM log.make_subscription_tables(schema_name, role_name);
    EXECUTE format('
        INSERT INTO %I.subscription (name, shard, epoch, position, event_id)
        SELECT $1, s.shard, (SELECT max(epoch) FROM log.epoch), s.position, e.event_id
          FROM log.shard AS s
          LEFT JOIN log.event AS e ON e.shard = s.shard AND e.position = s.position
            ON CONFLICT (name, shard) DO NOTHING', schema_name)
      USING subscription;
END
$$;
