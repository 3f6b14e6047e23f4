-- Values of which nothing else was ever told need no ordering: they only leave.
--
-- Takes    affected, mine, {table}_history
-- Returns  rows removed from affected

DELETE FROM affected
WHERE EXISTS (SELECT 1 FROM mine m WHERE m.series_id = affected.series_id AND m.day = affected.day)
  AND NOT EXISTS (
      SELECT 1 FROM {table}_history h WHERE h.series_id = affected.series_id AND h.day = affected.day
  );
