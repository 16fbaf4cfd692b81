-- insights.position_before(of_shard, moment): a position of a shard such that what lies after it begins about then; 0 if all does.
--
-- Times of a shard are nearly in order: an event is recorded up to LATE_SECONDS_MAX (domain/windows.py) before it gets its
-- position. So every event up to the position was recorded before moment + LATE_SECONDS_MAX, and every event after it, no
-- earlier than moment - LATE_SECONDS_MAX. A binary search: some thirty lookups in the primary key, in a log of any length.
CREATE OR REPLACE FUNCTION insights.position_before(of_shard integer, moment timestamptz)
RETURNS bigint
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    low      bigint := 0;
    high     bigint;
    middle   bigint;
    recorded timestamptz;
BEGIN
    SELECT position + 1 INTO high FROM log.shard WHERE shard = of_shard;
    WHILE high - low > 1 LOOP
        middle := (low + high) / 2;
        SELECT recorded_at INTO STRICT recorded FROM log.event WHERE shard = of_shard AND position = middle;
        IF recorded < moment THEN
            low := middle;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    RETURN low;
END
$$;
