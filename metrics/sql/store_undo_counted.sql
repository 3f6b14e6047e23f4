-- What became of the current values of a load that was undone, by source.
--
-- Takes    mine, {table}
-- Returns  one row per source: source, restated (another value stands, or none)

SELECT m.source, count(*) FILTER (c.value IS DISTINCT FROM m.value) AS restated
FROM mine m
LEFT JOIN {table} c ON c.series_id = m.series_id AND c.day = m.day
GROUP BY m.source;
