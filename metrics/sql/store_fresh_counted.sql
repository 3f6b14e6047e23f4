-- How much a load brings that was not known.
--
-- Takes    fresh
-- Returns  one row: an integer

SELECT count(*) FROM fresh;
