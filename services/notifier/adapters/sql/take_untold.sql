-- notifier.take_untold(lease_seconds, at_most): takes pushes that ended unsent and that challenge hasn't been told of.
--
-- Taking pushes tell_at ahead by the lease: if the taker dies, they are taken again when it lapses.
CREATE OR REPLACE FUNCTION notifier.take_untold(lease_seconds double precision, at_most integer)
RETURNS TABLE (
    epoch            integer,
    shard            integer,
    at               bigint,
    id               uuid,
    challenge_sid    text,
    notification_sid text,
    reason           text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    RETURN QUERY
    WITH taken AS (
        SELECT p.epoch, p.shard, p.position
          FROM notifier.push AS p
         WHERE p.tell_at <= moment
         ORDER BY p.tell_at
         LIMIT at_most
           FOR UPDATE SKIP LOCKED
    )
    UPDATE notifier.push AS p
       SET tell_at = moment + make_interval(secs => lease_seconds)
      FROM taken AS t
     WHERE (p.epoch, p.shard, p.position) = (t.epoch, t.shard, t.position)
    RETURNING p.epoch, p.shard, p.position, p.id, p.challenge_sid, p.notification_sid, p.last_result;
END
$$;
