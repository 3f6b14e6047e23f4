-- Which telling of samples stands, of each chosen series and day: the bag that the latest turn told, whole.
--
-- Takes    :first, :last; sample_telling, counted, chosen (series_id)
-- Returns  the temporary table stood (series_id, day, batch)

CREATE TEMP TABLE stood AS
SELECT h.series_id AS series_id, h.day AS day, c.batch AS batch
FROM (
    SELECT t.series_id AS series_id, t.day AS day, MAX(n.turn) AS turn
    FROM (
        SELECT DISTINCT s.series_id AS series_id, s.day AS day, s.batch AS batch
        FROM sample_telling s
        WHERE s.series_id IN (SELECT p.series_id FROM chosen p) AND s.day BETWEEN :first AND :last
    ) t
    JOIN counted n ON n.batch = t.batch
    GROUP BY t.series_id, t.day
) h
JOIN counted c ON c.turn = h.turn
