-- webhook.record_results(results): writes down what attempts came to; returns how many still counted.
--
-- A result counts while its delivery is due and no later attempt was begun. One that isn't `counted` gives its attempt
-- back: none was made.
CREATE OR REPLACE FUNCTION webhook.record_results(results webhook.result[])
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment   timestamptz := clock_timestamp();
    recorded integer;
BEGIN
    UPDATE webhook.delivery AS d
       SET status = r.status,
           attempts = d.attempts - CASE WHEN r.counted THEN 0 ELSE 1 END,
           due_at = moment + make_interval(secs => r.due_in_seconds),
           last_result = r.last_result,
           finished_at = CASE WHEN r.status <> 'due' THEN moment END
      FROM unnest(results) AS r
     WHERE (d.epoch, d.shard, d.position, d.webhook_sid) = (r.epoch, r.shard, r.position, r.webhook_sid)
       AND d.attempts = r.attempts
       AND d.status = 'due';
    GET DIAGNOSTICS recorded = ROW_COUNT;
    RETURN recorded;
END
$$;
