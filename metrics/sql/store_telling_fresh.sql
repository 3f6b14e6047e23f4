-- And what the load tells of them now; an exact repetition within the load counts once.
--
-- Takes    affected, fresh
-- Returns  rows added to telling

INSERT INTO telling
SELECT f.series_id, f.day, f.value, min(f.batch), f.known_at, f.dated, NULL, NULL
FROM fresh f
SEMI JOIN affected a ON a.series_id = f.series_id AND a.day = f.day
GROUP BY f.series_id, f.day, f.value, f.known_at, f.dated;
