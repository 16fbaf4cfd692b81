-- Webhooks: a state table, one row a stream, written by webhook.append only.
CREATE TABLE webhook.webhook (
    shard         integer     NOT NULL,
    position      bigint      NOT NULL,
    stream_id     uuid        PRIMARY KEY,
    version       integer     NOT NULL,
    webhook_sid   text        NOT NULL,
    account_sid   text        NOT NULL,
    service_sid   text        NOT NULL,
    friendly_name bytea,
    event_types   text[]      NOT NULL,
    webhook_url   bytea,
    secret        bytea,
    status        text        NOT NULL,
    body_version  text        NOT NULL,
    date_created  timestamptz NOT NULL,
    date_updated  timestamptz NOT NULL,
    deleted       boolean     NOT NULL
);

-- A service's webhooks: lists, and the match of each event.
CREATE INDEX webhook_of_service ON webhook.webhook (service_sid, account_sid, date_created, webhook_sid)
 WHERE NOT deleted;

-- Deliveries: work, not truth. One for each event and each webhook that it matched; references only.
-- The key is the idempotency key; `id` (the contract's uuid) is computed from it.
CREATE TABLE webhook.delivery (
    epoch       integer     NOT NULL,
    shard       integer     NOT NULL,
    position    bigint      NOT NULL,
    webhook_sid text        NOT NULL,
    id          uuid        NOT NULL,
    event_type  text        NOT NULL,
    status      text        NOT NULL CHECK (status IN ('due', 'delivered', 'failed', 'cancelled')),
    attempts    integer     NOT NULL CHECK (attempts >= 0),
    due_at      timestamptz NOT NULL,  -- pushed ahead while an attempt is under way: the lease
    last_result text,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (epoch, shard, position, webhook_sid)
) WITH (fillfactor = 70);

CREATE INDEX delivery_due ON webhook.delivery (webhook_sid, due_at) WHERE status = 'due';

-- An event that webhooks may be waiting for: what webhook.enqueue takes.
CREATE TYPE webhook.candidate AS (
    shard       integer,
    position    bigint,
    event_type  text,
    matched_by  text[],
    account_sid text,
    service_sid text,
    recorded_at timestamptz
);

-- What an attempt came to: what webhook.record_results takes.
CREATE TYPE webhook.result AS (
    epoch          integer,
    shard          integer,
    position       bigint,
    webhook_sid    text,
    attempts       integer,           -- as taken: a late result of an earlier attempt matches nothing
    status         text,
    due_in_seconds double precision,
    counted        boolean,
    last_result    text
);

-- A delivery that was taken, with what its webhook is now.
CREATE TYPE webhook.work AS (
    epoch        integer,
    shard        integer,
    position     bigint,
    webhook_sid  text,
    id           uuid,
    event_type   text,
    attempts     integer,
    age_seconds  double precision,
    account_sid  text,
    service_sid  text,
    stream_id    uuid,
    body_version text,
    webhook_url  bytea,
    secret       bytea
);

GRANT INSERT, UPDATE, DELETE ON webhook.delivery TO pushward_webhook;
