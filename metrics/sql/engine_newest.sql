-- The newest load that is whole.
--
-- Takes    load
-- Returns  one row: newest, 0 before the first

SELECT COALESCE(MAX(l.load), 0) AS newest FROM load l
