-- Let PostgreSQL look at a table that was filled; else it guesses few rows and joins them one by one.
--
-- Takes    {table}: one of the store's own, or a temporary one
-- Returns  nothing

ANALYZE {table}
