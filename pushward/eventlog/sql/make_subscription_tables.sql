-- log.make_subscription_tables(schema_name, role_name): where the subscribers of a schema keep how far they are.
--
--     <schema>.subscription          a row for each name and shard: position, owner, and an alarm while it stands still
--     <schema>.subscription_parked   streams that are passed over, each from its first event that could not be applied
--     <schema>.subscription_member   the processes that share the shards; unlogged, they come back by themselves
--
-- They lie in the subscriber's own schema, so that a position moves in one transaction with what was done. Run by every
-- migration: it adds what an older release had not.
CREATE OR REPLACE FUNCTION log.make_subscription_tables(schema_name text, role_name text)
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
    IF to_regclass(format('%I.subscription_parked', schema_name)) IS NULL THEN
        EXECUTE format('ALTER TABLE %I.subscription ADD COLUMN alarm text, ADD COLUMN alarmed_at timestamptz', schema_name);
        EXECUTE format('CREATE TABLE %I.subscription_parked (
            name      text        NOT NULL,
            shard     integer     NOT NULL,
            stream_id uuid        NOT NULL,
            position  bigint      NOT NULL,  -- of the first event that is still to be applied
            event_id  uuid        NOT NULL,
            error     text        NOT NULL,
            parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            resume    boolean     NOT NULL DEFAULT false,  -- asked for by `pushward subscription resume`
            PRIMARY KEY (name, shard, stream_id)
        )', schema_name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.subscription_parked TO %I', schema_name, role_name);
    END IF;
END
$$;
