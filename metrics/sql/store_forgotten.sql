-- Whether a compaction forgot what stood before a load, so that it cannot be undone.
--
-- Takes    $load INTEGER; horizon, load, batch
-- Returns  one row: since (TIMESTAMP, UTC; null if it can be undone)

SELECT max(h.since) AS since
FROM horizon h
JOIN load l ON l.load = $load AND l.loaded_at <= h.compacted_at
JOIN batch b ON b.load = l.load AND b.known_at <= h.since;
