-- All that was ever told of the affected series and days, in its raw form.
--
-- Takes    affected, batch, load, {table}, {table}_history
-- Returns  the temporary table telling (series_id, day, value, batch, known_at, dated, undone_at, undone_by)

CREATE TEMP TABLE telling AS
SELECT t.series_id, t.day, t.value, t.batch, b.known_at, b.dated, l.undone_at, l.undone_by
FROM (
    SELECT series_id, day, value, batch FROM {table}
    UNION ALL
    SELECT series_id, day, value, batch FROM {table}_history
) t
SEMI JOIN affected a ON a.series_id = t.series_id AND a.day = t.day
JOIN batch b ON b.batch = t.batch
JOIN load l ON l.load = b.load
WHERE b.restores IS NULL;
