-- What else was noted of one load.
--
-- Takes    $load INTEGER; {table}: load_file or reject
-- Returns  its rows

SELECT * FROM {table} WHERE load = $load;
