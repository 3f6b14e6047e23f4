-- Which telling stood at every moment at which something changed for a series and day.
--
-- The latest one told by then stands; of two told at one time, the later batch. A telling whose
-- load was undone: if its source dated it, it never counts; if the load's time dates it, it counts
-- from the load to the undo, because in between the store did say so.
--
-- Takes    telling
-- Returns  the temporary table stood (series_id, day, since, undo, value, batch, known_at):
--          undo is the undo that happened at that moment, if any; value is null if nothing stood

CREATE TEMP TABLE stood AS
WITH moment AS (
    SELECT series_id, day, since, max(undo) AS undo
    FROM (
        SELECT series_id, day, known_at AS since, NULL::INTEGER AS undo FROM telling
        WHERE NOT dated OR undone_at IS NULL
        UNION ALL
        SELECT series_id, day, undone_at, undone_by FROM telling WHERE NOT dated AND undone_at IS NOT NULL
    )
    GROUP BY series_id, day, since
)
SELECT m.series_id, m.day, m.since, m.undo, t.value, t.batch, t.known_at
FROM moment m
LEFT JOIN telling t
  ON t.series_id = m.series_id AND t.day = m.day AND t.known_at <= m.since
 AND (t.undone_at IS NULL OR (NOT t.dated AND t.undone_at > m.since))
QUALIFY row_number() OVER (
    PARTITION BY m.series_id, m.day, m.since ORDER BY t.known_at DESC NULLS LAST, t.batch DESC NULLS LAST
) = 1;
