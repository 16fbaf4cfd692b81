-- Pushes: work, not truth. One for each event that asks for one; references only. The key is the idempotency key.
CREATE TABLE notifier.push (
    epoch         integer     NOT NULL,
    shard         integer     NOT NULL,
    position      bigint      NOT NULL,
    id            uuid        NOT NULL,
    challenge_sid text        NOT NULL,
    factor_sid    text        NOT NULL,
    platform      text        NOT NULL,
    status        text        NOT NULL CHECK (status IN ('due', 'sent', 'dropped', 'undeliverable', 'failed')),
    attempts      integer     NOT NULL CHECK (attempts >= 0),
    due_at        timestamptz NOT NULL,  -- pushed ahead while an attempt is under way: the lease
    last_result   text,
    created_at    timestamptz NOT NULL,
    finished_at   timestamptz,
    PRIMARY KEY (epoch, shard, position)
) WITH (fillfactor = 70);

CREATE INDEX push_due ON notifier.push (platform, due_at) WHERE status = 'due';

-- Open device streams. Unlogged: after a crash of the database the places are free, and the streams are made anew.
CREATE UNLOGGED TABLE notifier.device_stream (
    id         uuid        PRIMARY KEY,
    factor_sid text        NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE INDEX device_stream_of_factor ON notifier.device_stream (factor_sid);

-- A push that an event asks for: what notifier.enqueue takes. `has_channel` says whether it can be sent at all.
CREATE TYPE notifier.requested AS (
    shard         integer,
    position      bigint,
    id            uuid,
    challenge_sid text,
    factor_sid    text,
    platform      text,
    has_channel   boolean
);

-- What an attempt came to: what notifier.record_results takes.
CREATE TYPE notifier.result AS (
    epoch          integer,
    shard          integer,
    position       bigint,
    attempts       integer,           -- as taken: a late result of an earlier attempt matches nothing
    status         text,
    due_in_seconds double precision,
    last_result    text
);

GRANT INSERT, UPDATE, DELETE ON notifier.push, notifier.device_stream TO pushward_notifier;
