-- The younger value takes the older one's place.
--
-- Takes    fresh
-- Returns  rows changed in {table}

UPDATE {table} SET value = f.value, batch = f.batch
FROM fresh f
WHERE f.current_value <> f.value AND f.series_id = {table}.series_id AND f.day = {table}.day;
