-- Since when the store knows what was known; null if since ever.
--
-- Takes    horizon
-- Returns  one row: since (TIMESTAMP, UTC, or null)

SELECT max(since) AS since FROM horizon;
