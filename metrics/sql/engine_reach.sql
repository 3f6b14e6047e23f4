-- Of which series and days one load told something.
--
-- Takes    :load; {table}: telling or sample_telling; batch
-- Returns  series_id, first_day, last_day

SELECT t.series_id AS series_id, MIN(t.day) AS first_day, MAX(t.day) AS last_day
FROM {table} t
WHERE t.batch IN (SELECT b.batch FROM batch b WHERE b.load = :load)
GROUP BY t.series_id
