-- Stretches of time in which one value stood.
--
-- Takes    stood
-- Returns  the temporary table run (series_id, day, since, undo, value, before, batch, restores):
--          the first moment of each stretch; restores is true if an undo brought an older telling back

CREATE TEMP TABLE run AS
SELECT series_id, day, since, undo, value, lag(value) OVER earlier AS before, batch,
       batch IS NOT NULL AND known_at < since AS restores
FROM stood
WINDOW earlier AS (PARTITION BY series_id, day ORDER BY since)
QUALIFY value IS DISTINCT FROM lag(value) OVER earlier;
