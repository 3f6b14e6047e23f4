-- Take the load's batches into the store's own table.
--
-- Takes    told_batch; $load INTEGER
-- Returns  rows added to batch

INSERT INTO batch
SELECT batch, $load, source, file, known_at, dated, NULL, NULL FROM told_batch;
