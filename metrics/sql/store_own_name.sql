-- The name under which a connection knows its own file.
--
-- Takes    nothing
-- Returns  one row: the name

SELECT current_database();
