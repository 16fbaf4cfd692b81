-- Registry's state as its events have made it; written by registry.append only. Rows are never removed: what was deleted
-- is marked, its sealed columns cleared, and every index but the keys skips it. SIDs and identities compare as bytes.

CREATE TABLE registry.account (
    shard             integer     NOT NULL,
    position          bigint      NOT NULL,
    stream_id         uuid        NOT NULL,
    version           integer     NOT NULL,
    sid               text        COLLATE "C" PRIMARY KEY,
    friendly_name     text        NOT NULL,
    key_id            uuid        NOT NULL,
    auth_token        bytea       NOT NULL,
    auth_token_digest bytea       NOT NULL,
    disabled          boolean     NOT NULL,
    date_created      timestamptz NOT NULL,
    date_updated      timestamptz NOT NULL
);

CREATE TABLE registry.service (
    shard         integer     NOT NULL,
    position      bigint      NOT NULL,
    stream_id     uuid        NOT NULL,
    version       integer     NOT NULL,
    sid           text        COLLATE "C" PRIMARY KEY,
    account_sid   text        COLLATE "C" NOT NULL,
    friendly_name text        NOT NULL,
    settings      jsonb       NOT NULL,
    deleted       boolean     NOT NULL,
    date_created  timestamptz NOT NULL,
    date_updated  timestamptz NOT NULL
);

-- The list of an account's services.
CREATE INDEX service_of_account ON registry.service (account_sid, date_created, sid)
    WHERE NOT deleted;

-- One row a (service, identity), for ever; sid, key_id and date_created are null while no entity has the identity.
CREATE TABLE registry.entity (
    shard            integer     NOT NULL,
    position         bigint      NOT NULL,
    stream_id        uuid        PRIMARY KEY,
    version          integer     NOT NULL,
    account_sid      text        COLLATE "C" NOT NULL,
    service_sid      text        COLLATE "C" NOT NULL,
    identity         text        COLLATE "C" NOT NULL,
    sid              text        COLLATE "C",
    key_id           uuid,
    date_created     timestamptz,
    deletions        integer     NOT NULL,
    creation_day     integer     NOT NULL,
    creations_on_day integer     NOT NULL,
    recorded_at      timestamptz NOT NULL
) WITH (fillfactor = 80);

-- The list of a service's entities, and what the reaper looks for.
CREATE INDEX entity_of_service ON registry.entity (service_sid, date_created, sid)
    WHERE sid IS NOT NULL;

CREATE TABLE registry.factor (
    shard                 integer     NOT NULL,
    position              bigint      NOT NULL,
    stream_id             uuid        NOT NULL,
    version               integer     NOT NULL,
    sid                   text        COLLATE "C" PRIMARY KEY,
    account_sid           text        COLLATE "C" NOT NULL,
    service_sid           text        COLLATE "C" NOT NULL,
    entity_sid            text        COLLATE "C" NOT NULL,
    identity              text        COLLATE "C" NOT NULL,
    factor_type           text        NOT NULL,
    status                text        NOT NULL,
    friendly_name         bytea,
    public_key            bytea       NOT NULL,
    app_id                text        NOT NULL,
    sdk_version           text        NOT NULL,
    notification_platform text        NOT NULL,
    notification_token    bytea,
    metadata              bytea,
    deleted               boolean     NOT NULL,
    date_created          timestamptz NOT NULL,
    date_updated          timestamptz NOT NULL
) WITH (fillfactor = 80);

-- An entity's live factors.
CREATE INDEX factor_of_entity ON registry.factor (stream_id)
    WHERE NOT deleted;

CREATE TABLE registry.access_token (
    shard                integer     NOT NULL,
    position             bigint      NOT NULL,
    stream_id            uuid        NOT NULL,
    version              integer     NOT NULL,
    sid                  text        COLLATE "C" PRIMARY KEY,
    account_sid          text        COLLATE "C" NOT NULL,
    service_sid          text        COLLATE "C" NOT NULL,
    identity             text        COLLATE "C" NOT NULL,
    factor_type          text        NOT NULL,
    factor_friendly_name bytea,
    token_digest         bytea       NOT NULL,
    ttl_seconds          integer     NOT NULL,
    expires_at           timestamptz NOT NULL,
    entity_deletions     integer     NOT NULL,
    factor_sid           text        COLLATE "C",
    date_created         timestamptz NOT NULL,
    date_updated         timestamptz NOT NULL
);
