-- Every load and every undo that is whole.
--
-- Takes    :newest; load
-- Returns  its rows

SELECT l.load, l.loaded_at, l.loaded_by, l.what, l.undoes FROM load l WHERE l.load <= :newest
