-- The tables of one of the databases that are attached.
--
-- Takes    $name
-- Returns  one row a table: its name

SELECT table_name FROM duckdb_tables() WHERE database_name = $name;
