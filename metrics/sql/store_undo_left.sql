-- And are current no more.
--
-- Takes    mine, affected
-- Returns  rows removed from {table}

DELETE FROM {table}
USING (SELECT m.series_id, m.day FROM mine m ANTI JOIN affected a ON a.series_id = m.series_id AND a.day = m.day) gone
WHERE gone.series_id = {table}.series_id AND gone.day = {table}.day;
