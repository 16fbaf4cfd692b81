-- log.append(appends, expected, events, first_type, last_type): appends a batch; the core of every service's append
-- function.
--
-- Each append is all or nothing and fails or succeeds on its own. `expected` holds the version that each append saw of
-- the streams that it writes (is_write) and of those that it only read. No two appends of a batch may touch the same
-- stream, unless both only read it; the caller sees to that.
--
-- What a service may append is bounded here, whatever its code tries: types from first_type to last_type, each event on a
-- stream that its append expects to write, on the append's own shard. Anything else raises PW004, and nothing happens.
--
-- The outcome has a fate for each append (its index from 1) and a position for each event, NULL where it was refused
-- or had been stored before:
--
--     0  appended
--     1  stored before: this very append, tried again (its first event is where it wants to be)
--     2  version conflict: a written stream has moved
--     3  guard moved: a stream that was only read has moved
--     4  too late: the clock has passed not_after
--
-- The shard rows are locked in ascending order in a statement of their own, so that every later statement sees a
-- snapshot taken under the lock. Positions are handed out under it: no holes, no order inversion.
CREATE OR REPLACE FUNCTION log.append(
    appends    log.append_header[],
    expected   log.expected_version[],
    events     log.new_event[],
    first_type smallint,
    last_type  smallint
)
RETURNS log.append_outcome
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome log.append_outcome;
    moved   record;
    stored  boolean;
BEGIN
    IF EXISTS (
        SELECT FROM unnest(events) AS e
          LEFT JOIN unnest(expected) AS x ON x.append = e.append AND x.stream_id = e.stream_id AND x.is_write
         WHERE x.append IS NULL
            OR e.type NOT BETWEEN first_type AND last_type
            OR substr(uuid_send(e.stream_id), 1, 2) <> substr(int4send(appends[e.append].shard), 3, 2)
    ) THEN
        RAISE EXCEPTION 'an event of another service, stream or shard' USING ERRCODE = 'PW004';
    END IF;

    PERFORM FROM log.shard
      WHERE shard IN (SELECT a.shard FROM unnest(appends) AS a)
      ORDER BY shard
        FOR UPDATE;

    outcome.fates := array_fill(0::smallint, ARRAY[cardinality(appends)]);

    FOR moved IN
        SELECT e.append, bool_or(e.is_write) AS is_write
          FROM unnest(expected) AS e
          LEFT JOIN log.stream AS s ON s.stream_id = e.stream_id
         WHERE coalesce(s.version, 0) <> e.version
         GROUP BY e.append
    LOOP
        outcome.fates[moved.append] := CASE WHEN moved.is_write THEN 2 ELSE 3 END;
    END LOOP;

    FOR moved IN
        SELECT a.append
          FROM unnest(appends) WITH ORDINALITY AS a(shard, not_after, append)
         WHERE a.not_after < clock_timestamp()
    LOOP
        IF outcome.fates[moved.append] = 0 THEN
            outcome.fates[moved.append] := 4;
        END IF;
    END LOOP;

    -- A retry of an append that had been stored meets its own events; whatever else has moved since is no matter.
    FOR moved IN
        SELECT DISTINCT ON (e.append) e.append, e.stream_id, e.version, e.event_id
          FROM unnest(events) WITH ORDINALITY
            AS e(append, stream_id, version, event_id, type, schema, recorded_at, envelope, payload, ordinal)
         WHERE outcome.fates[e.append] IN (2, 3, 4)
         ORDER BY e.append, e.ordinal
    LOOP
        SELECT EXISTS (
            SELECT FROM log.event AS l
             WHERE l.shard = appends[moved.append].shard
               AND l.stream_id = moved.stream_id
               AND l.version = moved.version
               AND l.event_id = moved.event_id
        ) INTO stored;
        IF stored THEN
            outcome.fates[moved.append] := 1;
        END IF;
    END LOOP;

    WITH placed AS MATERIALIZED (
        SELECT s.shard,
               s.position + row_number() OVER (PARTITION BY s.shard ORDER BY e.ordinal) AS position,
               e.stream_id, e.version, e.event_id, e.type, e.schema, e.recorded_at, e.envelope, e.payload, e.ordinal
          FROM unnest(events) WITH ORDINALITY
            AS e(append, stream_id, version, event_id, type, schema, recorded_at, envelope, payload, ordinal)
          JOIN log.shard AS s ON s.shard = appends[e.append].shard
         WHERE outcome.fates[e.append] = 0
    ),
    inserted AS (
        INSERT INTO log.event
               (shard, position, stream_id, version, event_id, type, schema, recorded_at, envelope, payload)
        SELECT shard, position, stream_id, version, event_id, type, schema, recorded_at, envelope, payload
          FROM placed
    ),
    heads AS (
        INSERT INTO log.stream AS s (stream_id, version)
        SELECT stream_id, max(version) FROM placed GROUP BY stream_id
        ON CONFLICT (stream_id) DO UPDATE SET version = EXCLUDED.version
    ),
    counted AS (
        UPDATE log.shard AS s
           SET position = p.position
          FROM (SELECT shard, max(position) AS position FROM placed GROUP BY shard) AS p
         WHERE s.shard = p.shard
    )
    SELECT array_agg(p.position ORDER BY n.ordinal)
      INTO outcome.positions
      FROM generate_series(1, cardinality(events)) AS n(ordinal)
      LEFT JOIN placed AS p ON p.ordinal = n.ordinal;

    RETURN outcome;
END
$$;
