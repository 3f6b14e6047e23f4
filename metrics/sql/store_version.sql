-- The schema of a store that has a stamp.
--
-- Takes    nothing
-- Returns  one row: the version

SELECT max(version) FROM store_schema;
