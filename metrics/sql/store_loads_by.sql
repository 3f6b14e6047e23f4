-- The loads of somebody.
--
-- Takes    $name
-- Returns  one row a load: its number

SELECT load FROM load WHERE loaded_by = $name;
