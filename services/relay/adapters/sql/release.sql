-- relay.release(claimant): gives up what a leaving process holds, so that nobody waits for its leases to lapse.
CREATE OR REPLACE FUNCTION relay.release(claimant uuid)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE relay.lease SET owner = NULL, leased_until = NULL WHERE owner = claimant;
    DELETE FROM relay.member WHERE owner = claimant OR seen_until < clock_timestamp();
$$;
