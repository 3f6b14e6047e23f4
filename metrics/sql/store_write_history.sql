-- The other stretches are history, and so is every telling that never began one: overruled by
-- another of the same time, or repeating what was known, or taken back.
--
-- Takes    stretch, telling, stood
-- Returns  rows added to {table}_history

INSERT INTO {table}_history
SELECT series_id, day, value, batch, superseded_by FROM stretch
WHERE superseded_by IS NOT NULL AND value IS NOT NULL
UNION ALL
SELECT t.series_id, t.day, t.value, t.batch,
       CASE WHEN s.known_at = t.known_at AND s.value <> t.value AND t.undone_at IS NULL THEN s.batch ELSE t.batch END
FROM telling t
ANTI JOIN stretch r ON r.series_id = t.series_id AND r.day = t.day AND r.batch = t.batch
LEFT JOIN stood s ON s.series_id = t.series_id AND s.day = t.day AND s.since = t.known_at;
