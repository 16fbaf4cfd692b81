-- notifier.take_due(lease_seconds, to_platform, at_most): takes a platform's pushes that are due, the longest due first.
--
-- Taking counts an attempt and pushes due_at ahead by the lease: if the taker dies, the push is due again when it
-- lapses. One that somebody else is taking is skipped.
CREATE OR REPLACE FUNCTION notifier.take_due(lease_seconds double precision, to_platform text, at_most integer)
RETURNS TABLE (
    epoch         integer,
    shard         integer,
    at            bigint,
    id            uuid,
    challenge_sid text,
    factor_sid    text,
    attempts      integer,
    age_seconds   double precision,
    requested_at  timestamptz,
    ttl_seconds   integer
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
         WHERE p.status = 'due' AND p.platform = to_platform AND p.due_at <= moment
         ORDER BY p.due_at
         LIMIT at_most
           FOR UPDATE SKIP LOCKED
    )
    UPDATE notifier.push AS p
       SET attempts = p.attempts + 1, due_at = moment + make_interval(secs => lease_seconds)
      FROM taken AS t
     WHERE (p.epoch, p.shard, p.position) = (t.epoch, t.shard, t.position)
    RETURNING p.epoch, p.shard, p.position, p.id, p.challenge_sid, p.factor_sid, p.attempts,
              extract(epoch FROM moment - p.requested_at)::double precision, p.requested_at, p.ttl_seconds;
END
$$;
