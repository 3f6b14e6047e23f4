-- The highest numbers that any load ever took, also one that was killed.
--
-- Takes    batch
-- Returns  one row: load, batch; 0 before the first

SELECT COALESCE(MAX(b.load), 0) AS load, COALESCE(MAX(b.batch), 0) AS batch FROM batch b
