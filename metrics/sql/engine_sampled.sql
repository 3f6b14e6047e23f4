-- The samples that stand, of each series and day: the whole bag that one vintage told.
--
-- Takes    sample_telling, counted
-- Returns  series_id, day, value, batch

SELECT h.series_id, h.day, h.value, h.batch
FROM (
    SELECT t.series_id AS series_id, t.day AS day, t.value AS value, t.batch AS batch,
           RANK() OVER (PARTITION BY t.series_id, t.day ORDER BY c.turn DESC) AS place
    FROM sample_telling t
    JOIN counted c ON c.batch = t.batch
) h
WHERE h.place = 1
