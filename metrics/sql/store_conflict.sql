-- Days for which one load tells two values at one time: nobody can say which is right.
--
-- Takes    told, batch, series
-- Returns  per series, day and time: name, segments, day, two values (text), two files; at most 20 rows

WITH twice AS (
    SELECT series_id, day, known_at, arg_min(batch, value) AS low, arg_max(batch, value) AS high,
           min(value)::VARCHAR AS one, max(value)::VARCHAR AS other
    FROM told
    GROUP BY series_id, day, known_at
    HAVING min(value) <> max(value)
)
SELECT s.name, s.segments, t.day, t.one, t.other, a.source || ': ' || a.file, b.source || ': ' || b.file
FROM twice t
JOIN series s USING (series_id)
JOIN batch a ON a.batch = t.low
JOIN batch b ON b.batch = t.high
ORDER BY s.name, t.day
LIMIT 20;
