-- How many entities an account may still create right now: a token bucket each (take_entity_creation.sql). Unlogged: it is
-- no fact, and a crash of the database may forget it.
CREATE UNLOGGED TABLE registry.entity_creation_bucket (
    account_sid text             COLLATE "C" PRIMARY KEY,
    tokens      double precision NOT NULL,
    filled_at   timestamptz      NOT NULL
) WITH (fillfactor = 50);

GRANT INSERT, UPDATE ON registry.entity_creation_bucket TO pushward_registry;
