-- A small table that one task hands over.
--
-- Takes    nothing
-- Returns  the temporary table chosen

CREATE TEMP TABLE chosen (series_id INTEGER, place INTEGER)
