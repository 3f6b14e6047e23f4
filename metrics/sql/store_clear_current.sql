-- Make room for the affected series and days, which are written anew.
--
-- Takes    affected, {table}
-- Returns  rows removed from {table}

DELETE FROM {table} USING affected a WHERE a.series_id = {table}.series_id AND a.day = {table}.day;
