-- The batch that ends what an undo takes back.
--
-- Takes    $undo INTEGER, $undone_at TIMESTAMP UTC
-- Returns  one row: the batch's number

INSERT INTO batch
SELECT coalesce(max(batch), 0) + 1, $undo, NULL, NULL, $undone_at, FALSE, NULL, NULL FROM batch
RETURNING batch;
