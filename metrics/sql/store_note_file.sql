-- The files of a load.
--
-- Takes    the relation files, in the columns of load_file
-- Returns  rows added to load_file

INSERT INTO load_file SELECT load, source, file, sha256, rows_read FROM files;
