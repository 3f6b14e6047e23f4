-- How PostgreSQL answers one task: within 300 s, without compiling, which takes longer than these statements do;
-- what is put in order may take some memory instead of the disk.
--
-- Takes    nothing
-- Returns  one row that says so; the settings end with the transaction

SELECT set_config('statement_timeout', '300s', TRUE), set_config('jit', 'off', TRUE),
       set_config('work_mem', '64MB', TRUE)
