-- The stretch that nothing ended is the current value.
--
-- Takes    stretch
-- Returns  rows added to {table}

INSERT INTO {table}
SELECT series_id, day, value, batch FROM stretch
WHERE superseded_by IS NULL AND value IS NOT NULL
ORDER BY series_id, day;
