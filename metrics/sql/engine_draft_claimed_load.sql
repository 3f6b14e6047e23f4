-- The number of a load that was killed, so that the next one takes another.
--
-- Takes    $load INTEGER; load
-- Returns  a row added to load, if there was such a load

INSERT INTO load
SELECT $load, TIMESTAMP 'epoch', '', 'lost', NULL, NULL, NULL
WHERE $load > (SELECT coalesce(max(load), 0) FROM load);
