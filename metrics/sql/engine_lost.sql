-- Loads that took their numbers and have no row in `load`: killed ones, or one that runs now.
--
-- Takes    batch, load
-- Returns  load

SELECT DISTINCT b.load AS load FROM batch b WHERE b.load NOT IN (SELECT l.load FROM load l) ORDER BY load
