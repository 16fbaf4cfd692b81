-- keys.rewrap(key_ids, seen, wrapped, kek_id): stores data keys as another key-encryption key wraps them.
--
-- `seen` is what each was wrapped as when it was opened: a key that was wrapped otherwise or destroyed meanwhile is left
-- as it is. Returns how many were stored.
CREATE OR REPLACE FUNCTION keys.rewrap(key_ids uuid[], seen bytea[], wrapped bytea[], kek_id text)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stored integer;
BEGIN
    UPDATE keys.data_key AS k
       SET wrapped = r.wrapped, kek_id = rewrap.kek_id
      FROM unnest(rewrap.key_ids, rewrap.seen, rewrap.wrapped) AS r(key_id, seen, wrapped)
     WHERE k.key_id = r.key_id AND k.wrapped = r.seen AND r.wrapped IS NOT NULL;
    GET DIAGNOSTICS stored = ROW_COUNT;
    RETURN stored;
END
$$;
