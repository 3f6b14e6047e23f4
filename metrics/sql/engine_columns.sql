-- A table without its rows.
--
-- Takes    {table}: one of the store's own
-- Returns  no row

SELECT t.* FROM {table} t WHERE 1 = 0
