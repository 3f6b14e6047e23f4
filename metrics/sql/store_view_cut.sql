-- What was known at one time, when batch numbers are in the order of their times there: integers decide.
--
-- Takes    the variable `last_batch`: the last batch known at that time
-- Returns  the temporary views observed, sampled (series_id, day, value)

CREATE TEMP VIEW observed AS
SELECT series_id, day, value FROM observation WHERE batch <= getvariable('last_batch')
UNION ALL
SELECT series_id, day, value FROM observation_history
WHERE batch <= getvariable('last_batch') AND superseded_by > getvariable('last_batch');

CREATE TEMP VIEW sampled AS
SELECT series_id, day, unnest(value) AS value FROM sample WHERE batch <= getvariable('last_batch')
UNION ALL
SELECT series_id, day, unnest(value) AS value FROM sample_history
WHERE batch <= getvariable('last_batch') AND superseded_by > getvariable('last_batch');
