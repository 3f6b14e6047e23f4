-- Values that were told differently later, latest change last: what stood, what came in its place, and why.
--
-- A value taken back before it could stand (its source dated it, and its load was undone) is listed
-- with the value known at its date. `new` is empty where an undo left nothing.
--
-- Takes    $names VARCHAR[] or null for all, $since TIMESTAMP UTC or null; observation,
--          observation_history, batch, load, series
-- Returns  one row per change: series, segments, day, old, new, old_known_at, new_known_at, load, source, undone

WITH chosen AS (
    SELECT series_id, name, segments FROM series WHERE $names IS NULL OR list_contains($names::VARCHAR[], name)
),
recent AS (
    SELECT batch FROM batch WHERE $since IS NULL OR known_at >= $since
),
past AS (
    SELECT h.* FROM observation_history h SEMI JOIN chosen c ON c.series_id = h.series_id
),
ended AS (
    SELECT h.series_id, h.day, h.value AS old, h.batch AS old_batch, h.superseded_by AS new_batch
    FROM past h
    SEMI JOIN recent n ON n.batch = h.superseded_by
    WHERE h.superseded_by <> h.batch
),
replaced AS (
    SELECT e.series_id, e.day, e.old, e.old_batch, coalesce(o.value, h.value) AS new, e.new_batch
    FROM ended e
    LEFT JOIN observation o ON o.series_id = e.series_id AND o.day = e.day AND o.batch = e.new_batch
    LEFT JOIN past h ON h.series_id = e.series_id AND h.day = e.day AND h.batch = e.new_batch
),
withdrawn AS (
    SELECT h.series_id, h.day, h.value AS new, h.batch AS new_batch, b.known_at
    FROM past h
    SEMI JOIN recent n ON n.batch = h.batch
    JOIN batch b ON b.batch = h.batch
    JOIN load l ON l.load = b.load
    WHERE h.superseded_by = h.batch AND l.undone_at IS NOT NULL
),
stood AS (
    SELECT series_id, day, value, batch FROM observation SEMI JOIN withdrawn USING (series_id, day)
    UNION ALL
    SELECT series_id, day, value, batch FROM past SEMI JOIN withdrawn USING (series_id, day)
    WHERE superseded_by <> batch
),
taken_back AS (
    SELECT w.series_id, w.day, w.new, w.new_batch, s.value AS old, s.batch AS old_batch
    FROM withdrawn w
    LEFT JOIN (SELECT stood.*, b.known_at FROM stood JOIN batch b USING (batch)) s
      ON s.series_id = w.series_id AND s.day = w.day AND s.known_at <= w.known_at
    QUALIFY row_number() OVER (
        PARTITION BY w.series_id, w.day, w.new_batch ORDER BY s.known_at DESC NULLS LAST, s.batch DESC NULLS LAST
    ) = 1
),
change AS (
    SELECT series_id, day, old, new, old_batch, new_batch FROM replaced
    UNION ALL
    SELECT series_id, day, old, new, old_batch, new_batch FROM taken_back
)
SELECT c.name AS series, c.segments, x.day, x.old, x.new, a.known_at AS old_known_at, b.known_at AS new_known_at,
       coalesce(b.restored_by, b.load) AS load, coalesce(b.source, a.source) AS source,
       l.undone_at IS NOT NULL OR l.what = 'undo' OR b.restored_by IS NOT NULL AS undone
FROM change x
JOIN chosen c USING (series_id)
JOIN batch b ON b.batch = x.new_batch
JOIN load l ON l.load = b.load
LEFT JOIN batch a ON a.batch = x.old_batch
WHERE x.old IS DISTINCT FROM x.new
ORDER BY new_known_at, load, series, c.segments, x.day;
