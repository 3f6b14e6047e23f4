-- All that was told of days of which more than one thing was told, or of which a telling was taken back.
--
-- Takes    :newest; telling, batch, load, chosen (series_id)
-- Returns  series_id, day, value, batch

WITH whole AS (
    SELECT b.batch AS batch, u.undoes AS undoes
    FROM batch b
    JOIN load l ON l.load = b.load
    LEFT JOIN (SELECT undoes FROM load WHERE what = 'undo' AND load <= :newest) u ON u.undoes = l.load
    WHERE l.load <= :newest
),
often AS (
    SELECT t.series_id AS series_id, t.day AS day
    FROM telling t
    JOIN whole w ON w.batch = t.batch
    JOIN chosen c ON c.series_id = t.series_id
    GROUP BY t.series_id, t.day
    HAVING COUNT(*) > 1 OR COUNT(w.undoes) > 0
)
SELECT t.series_id AS series_id, t.day AS day, t.value AS value, t.batch AS batch
FROM telling t
JOIN often o ON o.series_id = t.series_id AND o.day = t.day
JOIN whole w ON w.batch = t.batch
