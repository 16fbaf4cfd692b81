-- What a TOTP factor has beside a push factor: see FactorRecord. `totp_config` is JSON, as a service's settings are.
ALTER TABLE registry.factor
    ADD COLUMN totp_secret        bytea,
    ADD COLUMN totp_secret_digest bytea   NOT NULL DEFAULT '',
    ADD COLUMN totp_config        jsonb,
    ADD COLUMN totp_failures      integer NOT NULL DEFAULT 0,
    ADD COLUMN totp_spent_until   bigint  NOT NULL DEFAULT 0,
    ADD COLUMN totp_attempt_id    uuid;

ALTER TYPE registry.factor_row
    ADD ATTRIBUTE totp_secret        bytea,
    ADD ATTRIBUTE totp_secret_digest bytea,
    ADD ATTRIBUTE totp_config        jsonb,
    ADD ATTRIBUTE totp_failures      integer,
    ADD ATTRIBUTE totp_spent_until   bigint,
    ADD ATTRIBUTE totp_attempt_id    uuid;
