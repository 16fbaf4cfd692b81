-- What registry.append takes: rows of the state tables, as types of their own. A table's own row type would tie the function
-- to that very table, and a replay puts another in its place. The attributes are the table's columns, in their order: who
-- adds a column to the table adds it here (ALTER TYPE … ADD ATTRIBUTE).
DROP FUNCTION IF EXISTS registry.append;

CREATE TYPE registry.account_row AS (
    shard             integer,
    position          bigint,
    stream_id         uuid,
    version           integer,
    sid               text,
    friendly_name     text,
    key_id            uuid,
    auth_token        bytea,
    auth_token_digest bytea,
    disabled          boolean,
    date_created      timestamptz,
    date_updated      timestamptz
);

CREATE TYPE registry.service_row AS (
    shard         integer,
    position      bigint,
    stream_id     uuid,
    version       integer,
    sid           text,
    account_sid   text,
    friendly_name text,
    settings      jsonb,
    deleted       boolean,
    date_created  timestamptz,
    date_updated  timestamptz
);

CREATE TYPE registry.entity_row AS (
    shard            integer,
    position         bigint,
    stream_id        uuid,
    version          integer,
    account_sid      text,
    service_sid      text,
    identity         text,
    sid              text,
    key_id           uuid,
    date_created     timestamptz,
    deletions        integer,
    creation_day     integer,
    creations_on_day integer,
    recorded_at      timestamptz
);

CREATE TYPE registry.factor_row AS (
    shard                 integer,
    position              bigint,
    stream_id             uuid,
    version               integer,
    sid                   text,
    account_sid           text,
    service_sid           text,
    entity_sid            text,
    identity              text,
    factor_type           text,
    status                text,
    friendly_name         bytea,
    public_key            bytea,
    app_id                text,
    sdk_version           text,
    notification_platform text,
    notification_token    bytea,
    metadata              bytea,
    deleted               boolean,
    date_created          timestamptz,
    date_updated          timestamptz
);

CREATE TYPE registry.access_token_row AS (
    shard                integer,
    position             bigint,
    stream_id            uuid,
    version              integer,
    sid                  text,
    account_sid          text,
    service_sid          text,
    identity             text,
    factor_type          text,
    factor_friendly_name bytea,
    token_digest         bytea,
    ttl_seconds          integer,
    expires_at           timestamptz,
    entity_deletions     integer,
    factor_sid           text,
    date_created         timestamptz,
    date_updated         timestamptz
);
