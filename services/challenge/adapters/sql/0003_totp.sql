-- Codes: how many were looked at for a challenge, and when a TOTP factor was challenged lately.
DROP FUNCTION IF EXISTS challenge.append;

ALTER TABLE challenge.challenge ADD COLUMN attempts integer NOT NULL DEFAULT 0;
ALTER TYPE challenge.challenge_row ADD ATTRIBUTE attempts integer;

-- One row a TOTP factor, for ever: at most a hundred moments of the last 24 hours.
CREATE TABLE challenge.totp_usage (
    shard      integer       NOT NULL,
    position   bigint        NOT NULL,
    stream_id  uuid          PRIMARY KEY,
    version    integer       NOT NULL,
    factor_sid text          NOT NULL,
    creations  timestamptz[] NOT NULL
);

CREATE TYPE challenge.totp_usage_row AS (
    shard      integer,
    position   bigint,
    stream_id  uuid,
    version    integer,
    factor_sid text,
    creations  timestamptz[]
);
