-- Drop from the fresh values those told before with the same date, unless another of that date overruled them.
--
-- Takes    fresh, batch, load, {table}_history
-- Returns  rows removed from fresh

DELETE FROM fresh
USING {table}_history h
JOIN batch b ON b.batch = h.batch
JOIN batch s ON s.batch = h.superseded_by
JOIN load l ON l.load = b.load
WHERE fresh.dated
  AND h.series_id = fresh.series_id AND h.day = fresh.day AND h.value = fresh.value
  AND b.known_at = fresh.known_at AND b.restores IS NULL AND l.undone_at IS NULL
  AND (h.superseded_by = h.batch OR s.known_at <> b.known_at);
