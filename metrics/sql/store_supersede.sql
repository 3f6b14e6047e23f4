-- A value that a younger one replaces goes into history; a dated value that confirms is remembered.
--
-- Takes    fresh
-- Returns  rows added to {table}_history

INSERT INTO {table}_history
SELECT series_id, day, current_value, current_batch, batch FROM fresh WHERE current_value <> value
UNION ALL
SELECT series_id, day, value, batch, batch FROM fresh WHERE current_value = value;
