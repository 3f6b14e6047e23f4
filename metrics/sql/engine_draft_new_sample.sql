-- The samples that one load told anew.
--
-- Takes    $load INTEGER; sample, sample_history, batch
-- Returns  series_id, day (days since 1970), value, batch

SELECT t.series_id, (t.day - DATE '1970-01-01')::INTEGER AS day, unnest(t.value) AS value, t.batch
FROM (
    SELECT series_id, day, value, batch FROM sample
    UNION ALL
    SELECT series_id, day, value, batch FROM sample_history
) t
JOIN batch b ON b.batch = t.batch
WHERE b.load = $load AND b.restores IS NULL;
