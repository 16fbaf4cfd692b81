-- webhook.delivery_id(epoch, shard, at, webhook_sid): the contract's `uuid` of a delivery.
--
-- A UUIDv8 computed from the idempotency key, so however often the same event is matched, its delivery has one name.
CREATE OR REPLACE FUNCTION webhook.delivery_id(epoch integer, shard integer, at bigint, webhook_sid text)
RETURNS uuid
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    digest bytea := substr(sha256(convert_to(format('%s/%s/%s/%s', epoch, shard, at, webhook_sid), 'UTF8')), 1, 16);
BEGIN
    digest := set_byte(digest, 6, get_byte(digest, 6) & 15 | 128);
    digest := set_byte(digest, 8, get_byte(digest, 8) & 63 | 128);
    RETURN encode(digest, 'hex')::uuid;
END
$$;
