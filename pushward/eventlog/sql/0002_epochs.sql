-- An epoch is tied to the PostgreSQL that its positions were handed out by: its identifier, and the timeline it wrote on.
--
-- A log that is older than this migration takes the timeline that it is on now.
ALTER TABLE log.epoch ADD COLUMN timeline integer;

UPDATE log.epoch SET timeline = (pg_split_walfile_name(pg_walfile_name(pg_current_wal_insert_lsn()))).timeline_id;

ALTER TABLE log.epoch ALTER COLUMN timeline SET NOT NULL;
