-- Series and days of which a load told something.
--
-- Takes    $load INTEGER; batch, {table}, {table}_history
-- Returns  the temporary table affected (series_id, day)

CREATE TEMP TABLE affected AS
SELECT t.series_id, t.day
FROM (
    SELECT series_id, day, batch FROM {table}
    UNION ALL
    SELECT series_id, day, batch FROM {table}_history
) t
SEMI JOIN (SELECT batch FROM batch WHERE load = $load) b ON b.batch = t.batch
GROUP BY ALL;
