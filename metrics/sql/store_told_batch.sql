-- One batch for every file and vintage that a load brings, numbered in the order of their times.
--
-- Takes    the relation origin (origin, source_no, source, file, observed_at); $loaded_at TIMESTAMP, UTC
-- Returns  the temporary table told_batch (batch, origin, source_no, source, file, known_at, dated)

CREATE TEMP TABLE told_batch AS
SELECT
    ((SELECT coalesce(max(batch), 0) FROM batch)
        + row_number() OVER (ORDER BY coalesce(observed_at, $loaded_at), origin))::INTEGER AS batch,
    origin, source_no, source, file, coalesce(observed_at, $loaded_at) AS known_at, observed_at IS NOT NULL AS dated
FROM origin;
