-- The batches known at one time.
--
-- Takes    $as_of TIMESTAMP, UTC
-- Returns  the temporary table known (batch)

CREATE TEMP TABLE known AS SELECT batch FROM batch WHERE known_at <= $as_of;
