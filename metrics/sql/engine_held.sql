-- What stands, by series and the batch that told it.
--
-- Takes    :until (or null); observed, sampled, chosen (series_id)
-- Returns  kind, series_id, batch, first_day, last_day, until_day (last day not after :until, or null), days, n

SELECT 'values' AS kind, o.series_id AS series_id, o.batch AS batch, MIN(o.day) AS first_day, MAX(o.day) AS last_day,
       MAX(CASE WHEN o.day <= COALESCE(:until, o.day) THEN o.day END) AS until_day,
       CAST(COUNT(*) AS BIGINT) AS days, CAST(COUNT(*) AS BIGINT) AS n
FROM observed o
GROUP BY o.series_id, o.batch
UNION ALL
SELECT 'samples' AS kind, o.series_id AS series_id, o.batch AS batch, MIN(o.day) AS first_day, MAX(o.day) AS last_day,
       MAX(CASE WHEN o.day <= COALESCE(:until, o.day) THEN o.day END) AS until_day,
       CAST(COUNT(*) AS BIGINT) AS days, CAST(SUM(o.n) AS BIGINT) AS n
FROM (
    SELECT s.series_id AS series_id, s.day AS day, s.batch AS batch, COUNT(*) AS n
    FROM sampled s
    GROUP BY s.series_id, s.day, s.batch
) o
GROUP BY o.series_id, o.batch
