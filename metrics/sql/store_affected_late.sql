-- Series and days that are told something not younger than all that is known of them.
--
-- Takes    fresh, batch, {table}_history
-- Returns  the temporary table affected (series_id, day): their vintages are put in order anew

CREATE TEMP TABLE affected AS
SELECT series_id, day FROM fresh WHERE current_known_at >= known_at
UNION
SELECT f.series_id, f.day
FROM fresh f
JOIN {table}_history h ON h.series_id = f.series_id AND h.day = f.day
JOIN batch b ON b.batch = h.batch
JOIN batch s ON s.batch = h.superseded_by
WHERE greatest(b.known_at, s.known_at) >= f.known_at;
