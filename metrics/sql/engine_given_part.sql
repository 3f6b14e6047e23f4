-- A small table that one task hands over.
--
-- Takes    nothing
-- Returns  the temporary table part

CREATE TEMP TABLE part (component INTEGER, series_id INTEGER, fold TEXT, alone BOOLEAN)
