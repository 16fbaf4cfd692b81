-- The log (DESIGN section 4). Everything else can be rebuilt from it.

-- The last position handed out of each shard. Its row lock is the shard's total order.
CREATE TABLE log.shard (
    shard    integer PRIMARY KEY CHECK (shard BETWEEN 0 AND 65535),
    position bigint  NOT NULL DEFAULT 0 CHECK (position >= 0)
) WITH (fillfactor = 10);

-- One partition a shard, made by log.create_shards.
CREATE TABLE log.event (
    shard       integer     NOT NULL,
    position    bigint      NOT NULL,
    stream_id   uuid        NOT NULL,
    version     integer     NOT NULL,
    event_id    uuid        NOT NULL,
    type        smallint    NOT NULL,
    schema      smallint    NOT NULL,
    recorded_at timestamptz NOT NULL,
    envelope    bytea       NOT NULL,
    payload     bytea       NOT NULL,
    PRIMARY KEY (shard, position),
    UNIQUE (shard, stream_id, version)
) PARTITION BY LIST (shard);

-- The head of each stream: what expected versions and guards are compared with. Derived from log.event.
CREATE TABLE log.stream (
    stream_id uuid    PRIMARY KEY,
    version   integer NOT NULL
) WITH (fillfactor = 80);

-- The history of positions: a restore hands them out anew, so it needs a new epoch.
CREATE TABLE log.epoch (
    epoch             integer     PRIMARY KEY,
    system_identifier text        NOT NULL,
    started_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What a service's append function takes and gives; see log.append.
CREATE TYPE log.append_header AS (
    shard     integer,
    not_after timestamptz
);

CREATE TYPE log.expected_version AS (
    append    integer,
    stream_id uuid,
    version   integer,
    is_write  boolean
);

CREATE TYPE log.new_event AS (
    append      integer,
    stream_id   uuid,
    version     integer,
    event_id    uuid,
    type        smallint,
    schema      smallint,
    recorded_at timestamptz,
    envelope    bytea,
    payload     bytea
);

CREATE TYPE log.append_outcome AS (
    fates     smallint[],
    positions bigint[]
);
