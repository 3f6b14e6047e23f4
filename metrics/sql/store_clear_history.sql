-- Make room for the affected series and days, which are written anew.
--
-- Takes    affected, {table}_history
-- Returns  rows removed from {table}_history

DELETE FROM {table}_history USING affected a
WHERE a.series_id = {table}_history.series_id AND a.day = {table}_history.day;
