-- keys.destroy(key_id): destroys a data key; its row stays as a tombstone, so the key is never made anew.
--
-- Asked again, or for a key that never was, it changes nothing.
CREATE OR REPLACE FUNCTION keys.destroy(key_id uuid)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE keys.data_key AS k
       SET wrapped = NULL, destroyed_at = clock_timestamp()
     WHERE k.key_id = destroy.key_id AND k.wrapped IS NOT NULL;
$$;
