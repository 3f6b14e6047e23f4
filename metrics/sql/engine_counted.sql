-- Which batches count at one time, and in which order: the later turn stands above the earlier.
--
-- One whose load was undone counts no more; if the load's time dates it, it did count until the undo. The
-- rule is that of `store_stood.sql`.
--
-- Takes    :newest, :as_of (or null for all that is known); batch, load
-- Returns  the temporary table counted (batch, turn)

CREATE TEMP TABLE counted AS
SELECT b.batch AS batch, ROW_NUMBER() OVER (ORDER BY b.known_at, b.batch) AS turn
FROM batch b
JOIN load l ON l.load = b.load
LEFT JOIN (SELECT undoes, load, loaded_at FROM load WHERE what = 'undo' AND load <= :newest) u ON u.undoes = l.load
WHERE l.load <= :newest
  AND l.what = 'load'
  AND b.known_at <= COALESCE(:as_of, b.known_at)
  AND (u.load IS NULL OR (NOT b.dated AND u.loaded_at > COALESCE(:as_of, u.loaded_at)))
