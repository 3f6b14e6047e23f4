-- One load, to see whether it can be undone.
--
-- Takes    $load INTEGER
-- Returns  one row or none: what, undone_at (UTC), undone_by

SELECT what, undone_at, undone_by FROM load WHERE load = $load;
