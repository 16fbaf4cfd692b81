-- Who copies a shard to its partition. A stale holder is harmless: it can only send what was sent before.
CREATE TABLE relay.lease (
    shard        integer     PRIMARY KEY,
    owner        uuid,
    term         bigint      NOT NULL DEFAULT 0,  -- grows with each new holder
    leased_until timestamptz,
    -- How far the partition is known to be filled. It lags, and decides only where retention has emptied a partition.
    epoch        integer     NOT NULL DEFAULT 0,
    position     bigint      NOT NULL DEFAULT 0 CHECK (position >= 0),
    event_id     uuid,
    alarm        text,        -- why the shard stands still until somebody has looked
    trouble      text,        -- what is tried again
    CHECK ((event_id IS NULL) = (position = 0))
) WITH (fillfactor = 20);

-- The processes that share the shards.
CREATE UNLOGGED TABLE relay.member (
    owner      uuid        PRIMARY KEY,
    seen_until timestamptz NOT NULL
) WITH (fillfactor = 50);

-- What relay.keep takes: a position that was acknowledged.
CREATE TYPE relay.kept AS (
    shard    integer,
    term     bigint,
    epoch    integer,
    position bigint,
    event_id uuid
);

GRANT INSERT, UPDATE ON relay.lease TO pushward_relay;
GRANT INSERT, UPDATE, DELETE ON relay.member TO pushward_relay;
