-- The loads that can be undone.
--
-- Takes    load
-- Returns  one row per load, newest first: load

SELECT load FROM load WHERE what = 'load' AND undone_at IS NULL ORDER BY load DESC LIMIT 12;
