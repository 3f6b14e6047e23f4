-- Where a time falls among the batches.
--
-- Takes    $as_of TIMESTAMP, UTC
-- Returns  one row: last_known, the highest batch known by then (0 if none);
--          first_unknown, the lowest batch known only later (null if all were known)

SELECT
    coalesce(max(batch) FILTER (known_at <= $as_of), 0) AS last_known,
    min(batch) FILTER (known_at > $as_of) AS first_unknown
FROM batch;
