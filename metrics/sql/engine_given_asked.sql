-- A small table that one task hands over.
--
-- Takes    nothing
-- Returns  the temporary table asked

CREATE TEMP TABLE asked (series_id INTEGER, first_day INTEGER, last_day INTEGER)
