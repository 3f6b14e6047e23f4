-- How many series and days must be put in order anew.
--
-- Takes    affected
-- Returns  one row: an integer

SELECT count(*) FROM affected;
