-- What was known at one time, when a later load told older vintages, so that batch numbers do not decide.
--
-- Takes    the temporary table known (batch): every batch known at that time
-- Returns  the temporary views observed, sampled (series_id, day, value)

CREATE TEMP VIEW observed AS
SELECT series_id, day, value FROM observation WHERE batch IN (SELECT batch FROM known)
UNION ALL
SELECT series_id, day, value FROM observation_history
WHERE batch <> superseded_by
  AND batch IN (SELECT batch FROM known) AND superseded_by NOT IN (SELECT batch FROM known);

CREATE TEMP VIEW sampled AS
SELECT series_id, day, unnest(value) AS value FROM sample WHERE batch IN (SELECT batch FROM known)
UNION ALL
SELECT series_id, day, unnest(value) AS value FROM sample_history
WHERE batch <> superseded_by
  AND batch IN (SELECT batch FROM known) AND superseded_by NOT IN (SELECT batch FROM known);
