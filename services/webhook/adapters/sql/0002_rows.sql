-- What webhook.append takes: rows of the state tables, as types of their own. A table's own row type would tie the function
-- to that very table, and a replay puts another in its place. The attributes are the table's columns, in their order: who
-- adds a column to the table adds it here (ALTER TYPE … ADD ATTRIBUTE).
DROP FUNCTION IF EXISTS webhook.append;

CREATE TYPE webhook.webhook_row AS (
    shard         integer,
    position      bigint,
    stream_id     uuid,
    version       integer,
    webhook_sid   text,
    account_sid   text,
    service_sid   text,
    friendly_name bytea,
    event_types   text[],
    webhook_url   bytea,
    secret        bytea,
    status        text,
    body_version  text,
    date_created  timestamptz,
    date_updated  timestamptz,
    deleted       boolean
);
