-- The stretches with the batch that began each and the batch that ended it.
--
-- Takes    run, batch
-- Returns  the temporary table stretch (series_id, day, value, before, batch, superseded_by)

CREATE TEMP TABLE stretch AS
WITH begun AS (
    SELECT r.series_id, r.day, r.since, r.value, r.before, coalesce(restored.batch, r.batch, undo.batch) AS batch
    FROM run r
    LEFT JOIN batch restored ON r.restores AND restored.restores = r.batch AND restored.restored_by = r.undo
    LEFT JOIN batch undo ON r.batch IS NULL AND undo.load = r.undo AND undo.restores IS NULL
)
SELECT series_id, day, value, before, batch,
       lead(batch) OVER (PARTITION BY series_id, day ORDER BY since) AS superseded_by
FROM begun;
