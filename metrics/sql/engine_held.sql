-- What stands, by series and the batch that told it, but for the days that are asked for by themselves.
--
-- Takes    :until (or null); observed, sampled, chosen (series_id), asked (series_id, first_day)
-- Returns  series_id, batch, first_day, last_day, until_day (last day not after :until, or null), days, n

SELECT o.series_id AS series_id, o.batch AS batch, MIN(o.day) AS first_day, MAX(o.day) AS last_day,
       MAX(CASE WHEN o.day <= COALESCE(:until, o.day) THEN o.day END) AS until_day,
       CAST(COUNT(*) AS BIGINT) AS days, CAST(COUNT(*) AS BIGINT) AS n
FROM observed o
LEFT JOIN asked a ON a.series_id = o.series_id AND a.first_day = o.day
WHERE a.series_id IS NULL
GROUP BY o.series_id, o.batch
UNION ALL
SELECT o.series_id AS series_id, o.batch AS batch, MIN(o.day) AS first_day, MAX(o.day) AS last_day,
       MAX(CASE WHEN o.day <= COALESCE(:until, o.day) THEN o.day END) AS until_day,
       CAST(COUNT(*) AS BIGINT) AS days, CAST(SUM(o.n) AS BIGINT) AS n
FROM (
    SELECT s.series_id AS series_id, s.day AS day, s.batch AS batch, COUNT(*) AS n
    FROM sampled s
    GROUP BY s.series_id, s.day, s.batch
) o
LEFT JOIN asked a ON a.series_id = o.series_id AND a.first_day = o.day
WHERE a.series_id IS NULL
GROUP BY o.series_id, o.batch
