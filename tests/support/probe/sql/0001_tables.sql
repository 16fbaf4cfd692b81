-- A counter for each stream.
CREATE TABLE probe.counter (
    shard       integer     NOT NULL,
    position    bigint      NOT NULL,
    stream_id   uuid        PRIMARY KEY,
    version     integer     NOT NULL,
    recorded_at timestamptz NOT NULL,
    total       integer     NOT NULL CHECK (total < 1000000)
);
