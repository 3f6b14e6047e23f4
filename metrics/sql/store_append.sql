-- What a load tells first of a day, or anew, in the order in which it is read.
--
-- Takes    fresh
-- Returns  rows added to {table}

INSERT INTO {table}
SELECT series_id, day, value, batch FROM fresh
WHERE current_value IS NULL OR current_value <> value
ORDER BY series_id, day;
