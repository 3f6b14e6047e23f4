-- The loads of another engine, in a draft.
--
-- Takes    the relation given (load, loaded_at, loaded_by, what, undoes)
-- Returns  rows added to load

INSERT INTO load
SELECT l.load, l.loaded_at, l.loaded_by, l.what, l.undoes, u.loaded_at, u.load
FROM given l
LEFT JOIN given u ON u.what = 'undo' AND u.undoes = l.load;
