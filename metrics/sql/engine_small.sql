-- The rows of a small table that belong to loads that are whole.
--
-- Takes    :newest; {table}: series, load_source, load_file, reject or batch; load
-- Returns  its rows

SELECT s.* FROM {table} s JOIN load l ON l.load = s.load WHERE l.load <= :newest
