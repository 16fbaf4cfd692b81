-- notifier.record_told(told): challenge knows of these pushes. Repeated, it changes nothing.
CREATE OR REPLACE FUNCTION notifier.record_told(told notifier.push_key[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE notifier.push AS p
       SET tell_at = NULL
      FROM unnest(told) AS t
     WHERE (p.epoch, p.shard, p.position) = (t.epoch, t.shard, t.position);
END
$$;
