-- The samples that stand, of each chosen series and day.
--
-- Takes    sample_telling, stood
-- Returns  series_id, day, value, batch

SELECT t.series_id AS series_id, t.day AS day, t.value AS value, t.batch AS batch
FROM sample_telling t
JOIN stood h ON h.series_id = t.series_id AND h.day = t.day AND h.batch = t.batch
