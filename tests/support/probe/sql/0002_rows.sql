-- What probe.append takes.
CREATE TYPE probe.counter_row AS (
    shard       integer,
    position    bigint,
    stream_id   uuid,
    version     integer,
    recorded_at timestamptz,
    total       integer
);
