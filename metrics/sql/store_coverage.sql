-- How far the current values of series reach.
--
-- Takes    $names VARCHAR[] or null for all; series, observation, sample
-- Returns  one row per series and segment: series, segments, grain, kind, first_day, last_day, days
--          (days with a value), rows; the days are null for a series without values

WITH chosen AS (
    SELECT * FROM series WHERE $names IS NULL OR list_contains($names::VARCHAR[], name)
),
part AS (
    SELECT series_id, min(day) AS first_day, max(day) AS last_day, count(*) AS days, count(*) AS n
    FROM observation SEMI JOIN chosen USING (series_id) GROUP BY series_id
    UNION ALL
    SELECT series_id, min(day), max(day), count(*), sum(len(value))
    FROM sample SEMI JOIN chosen USING (series_id) GROUP BY series_id
)
SELECT c.name AS series, c.segments, c.grain, c.kind, p.first_day, p.last_day, coalesce(p.days, 0)::BIGINT AS days,
       coalesce(p.n, 0)::BIGINT AS "rows"
FROM chosen c
LEFT JOIN part p USING (series_id)
ORDER BY series, c.segments;
