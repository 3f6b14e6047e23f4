-- The number of a batch of a load that was killed, so that the next one takes another.
--
-- Takes    $load INTEGER, $batch INTEGER; batch
-- Returns  a row added to batch, if there was such a batch

INSERT INTO batch
SELECT $batch, $load, NULL, NULL, TIMESTAMP 'epoch', FALSE, NULL, NULL
WHERE $batch > (SELECT coalesce(max(batch), 0) FROM batch);
