-- Each source as its last load left it; a load that was undone does not count.
--
-- Takes    $until DATE or null: days after it, such as those of a plan, say nothing about how fresh a source is
--          load, load_source, load_file, batch, observation, sample
-- Returns  one row per source: source, load, loaded_at (UTC), last_day, series, rows, refused, files

WITH last_load AS (
    SELECT s.source, s.load, l.loaded_at, s.rows_read, s.refused
    FROM load_source s
    JOIN load l USING (load)
    WHERE l.what = 'load' AND l.undone_at IS NULL
    QUALIFY row_number() OVER (PARTITION BY s.source ORDER BY s.load DESC) = 1
),
standing AS (
    SELECT batch, series_id, max(day) FILTER (day <= coalesce($until, day)) AS last_day
    FROM observation GROUP BY batch, series_id
    UNION ALL
    SELECT batch, series_id, max(day) FILTER (day <= coalesce($until, day))
    FROM sample GROUP BY batch, series_id
),
held AS (
    SELECT b.source, max(s.last_day) AS last_day, count(DISTINCT s.series_id) AS series
    FROM standing s
    JOIN batch b USING (batch)
    GROUP BY b.source
)
SELECT l.source, l.load, l.loaded_at, h.last_day, coalesce(h.series, 0) AS series, l.rows_read AS "rows",
       l.refused, (SELECT count(*) FROM load_file f WHERE f.load = l.load AND f.source = l.source) AS files
FROM last_load l
LEFT JOIN held h USING (source)
ORDER BY l.source;
