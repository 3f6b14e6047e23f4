-- The sources of one load, as it counted them.
--
-- Takes    $load INTEGER; load_source, load_file
-- Returns  one row per source: source, kept, restated, series_count, first_day, last_day, files

SELECT s.source, s.kept, s.restated, s.series_count, s.first_day, s.last_day,
       (SELECT count(*) FROM load_file f WHERE f.load = s.load AND f.source = s.source) AS files
FROM load_source s
WHERE s.load = $load
ORDER BY s.source;
