-- Current values that came from a load, before it is undone.
--
-- Takes    $load INTEGER; batch, {table}
-- Returns  the temporary table mine (series_id, day, value, batch, source, known_at, dated)

CREATE TEMP TABLE mine AS
SELECT t.series_id, t.day, t.value, t.batch, b.source, b.known_at, b.dated
FROM {table} t
JOIN batch b ON b.batch = t.batch
WHERE b.load = $load;
