-- The tables that a file holds, to tell a store from another database.
--
-- Takes    nothing
-- Returns  one row a table: its name

SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary;
