-- What stands of the days that a draft holds, by series and the batch that it goes back to; as `engine_held.sql`.
--
-- Takes    $until as days since 1970 or null; observation, sample, batch
-- Returns  series_id, batch, first_day, last_day, until_day (last day not after $until, or null), days, n

WITH standing AS (
    SELECT series_id, day - DATE '1970-01-01' AS day, batch, 1 AS n FROM observation
    UNION ALL
    SELECT series_id, day - DATE '1970-01-01', batch, len(value) FROM sample
)
SELECT s.series_id, coalesce(b.restores, b.batch) AS batch, min(s.day) AS first_day, max(s.day) AS last_day,
       max(s.day) FILTER (s.day <= coalesce($until, s.day)) AS until_day, count(*) AS days, sum(s.n)::BIGINT AS n
FROM standing s
JOIN batch b USING (batch)
GROUP BY ALL;
