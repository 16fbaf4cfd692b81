-- insights.take_lease(of_name, of_owner, seconds): takes or prolongs a lease; its term, or NULL while somebody else has it.
--
-- The term grows whenever the owner changes or had let it lapse: what an earlier owner still does can be told from it.
CREATE OR REPLACE FUNCTION insights.take_lease(of_name text, of_owner uuid, seconds double precision)
RETURNS bigint
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO insights.lease AS l (name, owner, term, expires_at)
    VALUES (of_name, of_owner, 1, clock_timestamp() + make_interval(secs => seconds))
        ON CONFLICT (name) DO UPDATE
       SET owner = EXCLUDED.owner,
           term = l.term + CASE WHEN l.owner = EXCLUDED.owner AND l.expires_at > clock_timestamp() THEN 0 ELSE 1 END,
           expires_at = EXCLUDED.expires_at
     WHERE l.owner = EXCLUDED.owner OR l.expires_at <= clock_timestamp()
    RETURNING l.term;
$$;
