-- A small table that one task hands over.
--
-- Takes    nothing
-- Returns  the temporary table day_stretch

CREATE TEMP TABLE day_stretch (day INTEGER, stretch INTEGER)
