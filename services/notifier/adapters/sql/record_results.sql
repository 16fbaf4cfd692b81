-- notifier.record_results(results): writes down what attempts came to.
--
-- A result counts while its push is due and no later attempt was begun.
CREATE OR REPLACE FUNCTION notifier.record_results(results notifier.result[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    UPDATE notifier.push AS p
       SET status = r.status,
           due_at = moment + make_interval(secs => r.due_in_seconds),
           last_result = r.last_result,
           finished_at = CASE WHEN r.status <> 'due' THEN moment END,
           tell_at = CASE WHEN r.unsent THEN moment END
      FROM unnest(results) AS r
     WHERE (p.epoch, p.shard, p.position) = (r.epoch, r.shard, r.position)
       AND p.attempts = r.attempts
       AND p.status = 'due';
END
$$;
