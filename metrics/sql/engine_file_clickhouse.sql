-- The rows of an Arrow file, in ClickHouse.
--
-- Takes    :path
-- Returns  its rows

SELECT * FROM file(:path, 'Arrow')
