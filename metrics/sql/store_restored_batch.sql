-- A batch for the values that an undo brings back, which keeps the load and file they came from.
--
-- Takes    run, batch
-- Returns  rows added to batch

INSERT INTO batch
SELECT (SELECT max(batch) FROM batch) + row_number() OVER (ORDER BY r.undo, r.batch),
       b.load, b.source, b.file, r.since, FALSE, r.batch, r.undo
FROM (SELECT DISTINCT batch, undo, since FROM run WHERE restores) r
JOIN batch b ON b.batch = r.batch
ANTI JOIN batch done ON done.restores = r.batch AND done.restored_by = r.undo;
