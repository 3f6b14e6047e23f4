-- They go into history: ended by the undo if the load's time dated them, else as if never told.
--
-- Takes    $undo_batch INTEGER, $undone_at TIMESTAMP; mine, affected
-- Returns  rows added to {table}_history

INSERT INTO {table}_history
SELECT m.series_id, m.day, m.value, m.batch,
       CASE WHEN m.dated OR m.known_at >= $undone_at THEN m.batch ELSE $undo_batch END
FROM mine m
ANTI JOIN affected a ON a.series_id = m.series_id AND a.day = m.day;
