-- Note a load or an undo.
--
-- Takes    $load INTEGER, $loaded_at TIMESTAMP UTC, $by VARCHAR, $what 'load' or 'undo', $undoes INTEGER or null
-- Returns  rows added to load

INSERT INTO load VALUES ($load, $loaded_at, $by, $what, $undoes, NULL, NULL);
