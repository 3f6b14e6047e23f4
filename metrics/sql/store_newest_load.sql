-- The newest load of a store.
--
-- Takes    nothing
-- Returns  one row: its number, when it was (UTC), by whom; all null in an empty store

SELECT max(load), max(loaded_at), arg_max(loaded_by, load) FROM load;
