-- notifier.open_device_stream(stream, factor, lease_seconds, streams_max): takes a place for a device's stream.
--
-- True if it was taken, false if the factor has `streams_max` already; expired ones don't count and are removed.
-- Openings of one factor take turns under an advisory lock, so two at once can't both take the last place.
CREATE OR REPLACE FUNCTION notifier.open_device_stream(
    stream        uuid,
    factor        text,
    lease_seconds double precision,
    streams_max   integer
)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(factor, 0));
    DELETE FROM notifier.device_stream WHERE factor_sid = factor AND expires_at <= clock_timestamp();
    IF (SELECT count(*) FROM notifier.device_stream WHERE factor_sid = factor) >= streams_max THEN
        RETURN false;
    END IF;
    INSERT INTO notifier.device_stream (id, factor_sid, expires_at)
    VALUES (stream, factor, clock_timestamp() + make_interval(secs => lease_seconds));
    RETURN true;
END
$$;
