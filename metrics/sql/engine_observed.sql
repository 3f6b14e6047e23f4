-- The value that stands, of each chosen series and day.
--
-- Takes    telling, counted, chosen (series_id)
-- Returns  series_id, day, value, batch

SELECT h.series_id, h.day, h.value, h.batch
FROM (
    SELECT t.series_id AS series_id, t.day AS day, t.value AS value, t.batch AS batch,
           ROW_NUMBER() OVER (PARTITION BY t.series_id, t.day ORDER BY c.turn DESC) AS place
    FROM telling t
    JOIN counted c ON c.batch = t.batch
    WHERE t.series_id IN (SELECT p.series_id FROM chosen p)
) h
WHERE h.place = 1
