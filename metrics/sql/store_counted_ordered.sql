-- What became of the values that were put in order with others, by source.
--
-- A value restates if another stood before it, or if it overrules one of the same vintage.
--
-- Takes    told_batch, telling, stretch
-- Returns  one row per source_no: source_no, kept, restated

WITH mine AS (
    SELECT b.source_no, s.batch IS NOT NULL AS stood,
           s.before IS NOT NULL OR EXISTS (
               SELECT 1 FROM telling o
               WHERE o.series_id = t.series_id AND o.day = t.day AND o.known_at = t.known_at
                 AND o.batch < t.batch AND o.value <> t.value AND o.undone_at IS NULL
           ) AS restates
    FROM telling t
    JOIN told_batch b USING (batch)
    LEFT JOIN stretch s ON s.series_id = t.series_id AND s.day = t.day AND s.batch = t.batch
)
SELECT source_no, count(*) FILTER (stood AND NOT restates) AS kept, count(*) FILTER (restates) AS restated
FROM mine
GROUP BY source_no;
