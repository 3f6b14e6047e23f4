-- What one load did, a row a source.
--
-- Takes    $load INTEGER; load_source
-- Returns  its rows; days since 1970

SELECT load, source, rows_read, kept, unchanged, restated, refused, series_count,
       (first_day - DATE '1970-01-01')::INTEGER AS first_day, (last_day - DATE '1970-01-01')::INTEGER AS last_day
FROM load_source
WHERE load = $load;
