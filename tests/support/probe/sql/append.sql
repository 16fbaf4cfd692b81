-- probe.append: log.append and the counters.
CREATE OR REPLACE FUNCTION probe.append(
    appends        log.append_header[],
    expected       log.expected_version[],
    events         log.new_event[],
    counters       probe.counter_row[],
    counter_events integer[],
    revision       integer,
    OUT fates      smallint[],
    OUT positions  bigint[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome log.append_outcome;
BEGIN
    IF revision <> 1 THEN
        RAISE EXCEPTION 'the state tables are of revision 1, the caller of %', revision USING ERRCODE = 'PW001';
    END IF;
    outcome := log.append(appends, expected, events, 1::smallint, 49::smallint);
    INSERT INTO probe.counter AS t (shard, position, stream_id, version, recorded_at, total)
    SELECT r.shard, outcome.positions[r.event], r.stream_id, r.version, r.recorded_at, r.total
      FROM unnest(counters, counter_events) AS r(shard, position, stream_id, version, recorded_at, total, event)
     WHERE outcome.positions[r.event] IS NOT NULL
    ON CONFLICT (stream_id) DO UPDATE
       SET (shard, position, version, recorded_at, total)
         = (EXCLUDED.shard, EXCLUDED.position, EXCLUDED.version, EXCLUDED.recorded_at, EXCLUDED.total);
    fates := outcome.fates;
    positions := outcome.positions;
END
$$;
