-- log.identity(): which PostgreSQL this is, and the timeline that it writes on; no timeline while it recovers.
--
-- The timeline is that of the next WAL record. The one in pg_control_checkpoint() is still the old one after a
-- promotion, until the first checkpoint. Runs as its owner: an installation may keep the control functions from others.
CREATE OR REPLACE FUNCTION log.identity(OUT system_identifier text, OUT timeline integer)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT control.system_identifier::text,
           CASE WHEN NOT pg_is_in_recovery()
                THEN (pg_split_walfile_name(pg_walfile_name(pg_current_wal_insert_lsn()))).timeline_id::integer
           END
      FROM pg_control_system() AS control
$$;
