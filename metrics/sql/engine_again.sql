-- Days of which two tellings say the same, or of which samples were told more than once: which load their value
-- goes back to depends on all that stood there before.
--
-- Takes    :newest; telling, sample_telling, batch, load, chosen (series_id)
-- Returns  series_id, day

WITH whole AS (
    SELECT b.batch AS batch FROM batch b JOIN load l ON l.load = b.load WHERE l.load <= :newest
),
twice AS (
    SELECT t.series_id AS series_id, t.day AS day
    FROM telling t
    JOIN whole w ON w.batch = t.batch
    JOIN chosen c ON c.series_id = t.series_id
    GROUP BY t.series_id, t.day, t.value
    HAVING COUNT(*) > 1
    UNION ALL
    SELECT t.series_id AS series_id, t.day AS day
    FROM sample_telling t
    JOIN whole w ON w.batch = t.batch
    JOIN chosen c ON c.series_id = t.series_id
    GROUP BY t.series_id, t.day
    HAVING COUNT(DISTINCT t.batch) > 1
)
SELECT DISTINCT a.series_id AS series_id, a.day AS day
FROM twice a
