-- Where the current values of series came from.
--
-- Takes    $names VARCHAR[] or null for all; series, observation, sample, batch, load
-- Returns  one row per series and origin: series, source, file, load, loaded_at (UTC), first_day, last_day, rows

WITH chosen AS (
    SELECT series_id, name FROM series WHERE $names IS NULL OR list_contains($names::VARCHAR[], name)
),
part AS (
    SELECT series_id, batch, min(day) AS first_day, max(day) AS last_day, count(*) AS n
    FROM observation SEMI JOIN chosen USING (series_id) GROUP BY series_id, batch
    UNION ALL
    SELECT series_id, batch, min(day), max(day), sum(len(value))
    FROM sample SEMI JOIN chosen USING (series_id) GROUP BY series_id, batch
)
SELECT c.name AS series, b.source, b.file, b.load, l.loaded_at, min(p.first_day) AS first_day,
       max(p.last_day) AS last_day, sum(p.n)::BIGINT AS "rows"
FROM part p
JOIN chosen c USING (series_id)
JOIN batch b USING (batch)
JOIN load l ON l.load = b.load
GROUP BY ALL
ORDER BY series, first_day, b.load, b.source, b.file;
