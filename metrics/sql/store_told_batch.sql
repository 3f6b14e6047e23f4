-- One batch for every file and vintage that a load brings, numbered in the order of their times.
--
-- Takes    the relation reading (series_id, day, value, source_no, file_no, observed_at) and the
--          table origin (source_no, file_no, source, file); $loaded_at TIMESTAMP, UTC
-- Returns  the temporary table told_batch (batch, source_no, file_no, observed_at, source, file, known_at, dated)

CREATE TEMP TABLE told_batch AS
SELECT
    ((SELECT coalesce(max(batch), 0) FROM batch)
        + row_number() OVER (ORDER BY known_at, source_no, file_no))::INTEGER AS batch,
    source_no, file_no, observed_at, source, file, known_at, observed_at IS NOT NULL AS dated
FROM (
    SELECT DISTINCT source_no, file_no, observed_at, coalesce(observed_at, $loaded_at) AS known_at FROM reading
)
JOIN origin USING (source_no, file_no);
