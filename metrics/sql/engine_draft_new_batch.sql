-- The batches of one load.
--
-- Takes    $load INTEGER; batch
-- Returns  batch, load, source, file, known_at (microseconds since 1970), dated

SELECT batch, load, source, file, epoch_us(known_at) AS known_at, dated
FROM batch
WHERE load = $load AND restores IS NULL;
