-- registry.take_entity_creation(account, per_second): takes a token from the account's bucket, if there is one.
--
-- Returns 0 if it was taken, else the seconds until there will be one. A bucket holds what a second brings, is full at first,
-- and fills evenly. Creations of one account take turns at its row, for no longer than this call.
CREATE OR REPLACE FUNCTION registry.take_entity_creation(account text, per_second integer)
RETURNS double precision
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bucket registry.entity_creation_bucket;
    moment timestamptz;
    held   double precision;
    taken  integer;
BEGIN
    INSERT INTO registry.entity_creation_bucket (account_sid, tokens, filled_at)
    VALUES (account, per_second, clock_timestamp())
        ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT bucket FROM registry.entity_creation_bucket WHERE account_sid = account FOR UPDATE;

    -- Under the lock. A clock that was set back fills nothing, and is from now on the one that counts.
    moment := clock_timestamp();
    held := least(per_second, bucket.tokens + per_second * greatest(0, extract(epoch FROM moment - bucket.filled_at)));
    taken := (held >= 1)::integer;
    UPDATE registry.entity_creation_bucket SET tokens = held - taken, filled_at = moment WHERE account_sid = account;
    RETURN CASE taken WHEN 1 THEN 0 ELSE (1 - held) / per_second END;
END
$$;
