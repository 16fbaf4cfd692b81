-- Challenges as their events have made them; written by challenge.append only.
CREATE TABLE challenge.challenge (
    shard           integer     NOT NULL,
    position        bigint      NOT NULL,
    stream_id       uuid        PRIMARY KEY,
    version         integer     NOT NULL,
    sid             text        NOT NULL,
    account_sid     text        NOT NULL,
    service_sid     text        NOT NULL,
    entity_sid      text        NOT NULL,
    identity        text        NOT NULL,
    factor_sid      text        NOT NULL,
    factor_type     text        NOT NULL,
    status          text        NOT NULL,
    details         bytea,
    hidden_details  bytea,
    metadata        bytea,
    receipt         bytea,
    expiration_date timestamptz NOT NULL,
    date_created    timestamptz NOT NULL,
    date_updated    timestamptz NOT NULL,
    date_responded  timestamptz
);

-- The lists: of an identity, and of a factor. Closed challenges are in neither.
CREATE INDEX challenge_of_identity ON challenge.challenge (service_sid, identity, date_created, sid)
    WHERE status <> 'closed';
CREATE INDEX challenge_of_factor ON challenge.challenge (factor_sid, date_created, sid)
    WHERE status <> 'closed';

-- What the sweeper looks for.
CREATE INDEX challenge_due ON challenge.challenge (expiration_date)
    WHERE status = 'pending';
