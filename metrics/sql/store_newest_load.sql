-- The load of a store with the latest time.
--
-- Takes    nothing
-- Returns  one row: its number, when it was (UTC), by whom; all null in an empty store

SELECT arg_max(load, loaded_at), max(loaded_at), arg_max(loaded_by, loaded_at) FROM load;
