-- Keys are destroyed and wrapped anew by functions of this schema; no role may update the table.

-- Of each key-encryption key: what it still wraps (`pushward keys status`, and what a rotation has left to do).
CREATE INDEX data_key_of_kek ON keys.data_key (kek_id, key_id)
    WHERE wrapped IS NOT NULL;

-- What was destroyed is a dead row version until it is vacuumed: soon, however few there are.
ALTER TABLE keys.data_key SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1);
