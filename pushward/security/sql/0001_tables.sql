-- Data keys, wrapped (DESIGN section 5). A database of its own, whose backups are kept for days, so that a destroyed
-- key is gone from them too.
CREATE TABLE keys.data_key (
    key_id       uuid        PRIMARY KEY,
    scope        text        NOT NULL,  -- whose: a SID, or "installation"; for operators
    wrapped      bytea,                 -- NULL once destroyed: the row stays, so the key is never made anew
    kek_id       text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

GRANT INSERT ON keys.data_key TO pushward_keys;
