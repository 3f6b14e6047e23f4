-- The highest numbers that any load ever took, also one that was killed.
--
-- Takes    claim
-- Returns  one row: load, batch; 0 before the first

SELECT COALESCE(MAX(c.load), 0) AS load, COALESCE(MAX(c.batch), 0) AS batch FROM claim c
