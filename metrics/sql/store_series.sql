-- The series known, to find the numbers of those a load brings.
--
-- Takes    series
-- Returns  one row per series: series_id, name, segments, grain, kind

SELECT series_id, name, segments, grain, kind FROM series ORDER BY series_id;
