-- Every day's bag of samples that a load tells. One vintage of a source tells the whole bag of a day.
--
-- Takes    the relation reading (series_id, day, value, origin); told_batch
-- Returns  the temporary table told (series_id, day, value, batch, known_at, dated); value is the sorted bag

CREATE TEMP TABLE told AS
SELECT r.series_id, r.day, list_sort(list(r.value)) AS value, min(b.batch) AS batch, b.known_at, b.dated
FROM reading r
JOIN told_batch b ON b.origin = r.origin
GROUP BY r.series_id, r.day, b.source_no, b.known_at, b.dated;
