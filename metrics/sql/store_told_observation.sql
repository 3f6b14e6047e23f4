-- Every value that a load tells, with its batch.
--
-- Takes    the relation reading (series_id, day, value, origin); told_batch
-- Returns  the temporary view told (series_id, day, value, batch, known_at, dated)

CREATE TEMP VIEW told AS
SELECT r.series_id, r.day, r.value, b.batch, b.known_at, b.dated
FROM reading r
JOIN told_batch b ON b.origin = r.origin;
