-- The batches of another engine, in a draft.
--
-- Takes    the relation given (batch, load, source, file, known_at, dated)
-- Returns  rows added to batch

INSERT INTO batch SELECT batch, load, source, file, known_at, dated, NULL, NULL FROM given;
