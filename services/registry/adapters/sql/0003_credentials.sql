-- A second auth token beside an account's first one, and API keys. Old rows have neither.
DROP FUNCTION IF EXISTS registry.append;

ALTER TABLE registry.account
    ADD COLUMN secondary_auth_token        bytea,
    ADD COLUMN secondary_auth_token_digest bytea;

ALTER TYPE registry.account_row
    ADD ATTRIBUTE secondary_auth_token        bytea,
    ADD ATTRIBUTE secondary_auth_token_digest bytea;

-- Rows of the account's stream, which every request of a key asks for by its SID.
CREATE TABLE registry.api_key (
    shard         integer     NOT NULL,
    position      bigint      NOT NULL,
    stream_id     uuid        NOT NULL,
    version       integer     NOT NULL,
    sid           text        COLLATE "C" PRIMARY KEY,
    account_sid   text        COLLATE "C" NOT NULL,
    friendly_name bytea,
    secret_digest bytea       NOT NULL,
    revoked       boolean     NOT NULL,
    date_created  timestamptz NOT NULL,
    date_updated  timestamptz NOT NULL
);

-- An account's live keys.
CREATE INDEX api_key_of_account ON registry.api_key (account_sid)
    WHERE NOT revoked;

CREATE TYPE registry.api_key_row AS (
    shard         integer,
    position      bigint,
    stream_id     uuid,
    version       integer,
    sid           text,
    account_sid   text,
    friendly_name bytea,
    secret_digest bytea,
    revoked       boolean,
    date_created  timestamptz,
    date_updated  timestamptz
);
