-- The values that one load told anew.
--
-- Takes    $load INTEGER; observation, observation_history, batch
-- Returns  series_id, day (days since 1970), value, batch

SELECT t.series_id, (t.day - DATE '1970-01-01')::INTEGER AS day, t.value, t.batch
FROM (
    SELECT series_id, day, value, batch FROM observation
    UNION ALL
    SELECT series_id, day, value, batch FROM observation_history
) t
JOIN batch b ON b.batch = t.batch
WHERE b.load = $load AND b.restores IS NULL
ORDER BY t.series_id, t.day;
