-- A day that had no value gets its first, in the order in which it is read.
--
-- Takes    fresh
-- Returns  rows added to {table}

INSERT INTO {table}
SELECT series_id, day, value, batch FROM fresh WHERE current_value IS NULL ORDER BY series_id, day;
