-- keys.destroy(key_id): destroys a data key; its row stays as a tombstone, so the key is never made anew.
--
-- A key that never was gets a tombstone, too, and is never made: nobody can know that it isn't being made just now.
-- Asked again, it changes nothing.
CREATE OR REPLACE FUNCTION keys.destroy(key_id uuid)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO keys.data_key AS k (key_id, scope, wrapped, kek_id, destroyed_at)
    VALUES (destroy.key_id, 'never made', NULL, '', clock_timestamp())
        ON CONFLICT ON CONSTRAINT data_key_pkey DO UPDATE
       SET wrapped = NULL, destroyed_at = excluded.destroyed_at
     WHERE k.wrapped IS NOT NULL;
$$;
