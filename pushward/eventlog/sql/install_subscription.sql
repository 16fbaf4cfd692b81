-- log.install_subscription(schema_name, subscription, role_name): makes a subscriber's positions, at the head of every shard.
--
-- They are kept in `<schema>.subscription`, a row for each shard, in the subscriber's own schema so that it can move
-- them in one transaction with what it did. A missing row is an error for the subscriber, never "from the start".
-- Shards that have a row are left as they are, so it can be run again. Members are the processes that share the shards.
CREATE OR REPLACE FUNCTION log.install_subscription(schema_name text, subscription text, role_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_regclass(format('%I.subscription', schema_name)) IS NULL THEN
        EXECUTE format('CREATE TABLE %I.subscription (
            name         text        NOT NULL,
            shard        integer     NOT NULL,
            epoch        integer     NOT NULL,
            position     bigint      NOT NULL,
            event_id     uuid,
            owner        uuid,
            leased_until timestamptz,
            PRIMARY KEY (name, shard)
        ) WITH (fillfactor = 50)', schema_name);
        EXECUTE format('CREATE UNLOGGED TABLE %I.subscription_member (
            name       text        NOT NULL,
            owner      uuid        NOT NULL,
            seen_until timestamptz NOT NULL,
            PRIMARY KEY (name, owner)
        ) WITH (fillfactor = 50)', schema_name);
        EXECUTE format('GRANT SELECT, UPDATE ON %I.subscription TO %I', schema_name, role_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.subscription_member TO %I', schema_name, role_name);
    END IF;
    EXECUTE format('
        INSERT INTO %I.subscription (name, shard, epoch, position, event_id)
        SELECT $1, s.shard, (SELECT max(epoch) FROM log.epoch), s.position, e.event_id
          FROM log.shard AS s
          LEFT JOIN log.event AS e ON e.shard = s.shard AND e.position = s.position
            ON CONFLICT (name, shard) DO NOTHING', schema_name)
      USING subscription;
END
$$;
