-- What became of each source of a load.
--
-- Takes    the relation counted, in the columns of load_source
-- Returns  rows added to load_source

INSERT INTO load_source
SELECT load, source, rows_read, kept, unchanged, restated, refused, series_count, first_day, last_day FROM counted;
