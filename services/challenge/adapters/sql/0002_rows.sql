-- What challenge.append takes: rows of the state tables, as types of their own. A table's own row type would tie the function
-- to that very table, and a replay puts another in its place. The attributes are the table's columns, in their order: who
-- adds a column to the table adds it here (ALTER TYPE … ADD ATTRIBUTE).
DROP FUNCTION IF EXISTS challenge.append;

CREATE TYPE challenge.challenge_row AS (
    shard           integer,
    position        bigint,
    stream_id       uuid,
    version         integer,
    sid             text,
    account_sid     text,
    service_sid     text,
    entity_sid      text,
    identity        text,
    factor_sid      text,
    factor_type     text,
    status          text,
    details         bytea,
    hidden_details  bytea,
    metadata        bytea,
    receipt         bytea,
    expiration_date timestamptz,
    date_created    timestamptz,
    date_updated    timestamptz,
    date_responded  timestamptz
);
