-- The number of the next load.
--
-- Takes    load
-- Returns  one row: an integer from 1

SELECT coalesce(max(load), 0) + 1 FROM load;
