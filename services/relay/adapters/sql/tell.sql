-- relay.tell(claimant, shard, term, alarm, trouble): how the shard's loop is, for whoever asks from elsewhere.
CREATE OR REPLACE FUNCTION relay.tell(claimant uuid, told_shard integer, held_term bigint, alarm text, trouble text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE relay.lease AS l SET alarm = tell.alarm, trouble = tell.trouble
     WHERE l.shard = told_shard AND l.owner = claimant AND l.term = held_term
$$;
