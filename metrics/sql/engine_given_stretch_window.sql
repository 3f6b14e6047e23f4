-- A small table that one task hands over.
--
-- Takes    nothing
-- Returns  the temporary table stretch_window

CREATE TEMP TABLE stretch_window (stretch INTEGER, place INTEGER)
