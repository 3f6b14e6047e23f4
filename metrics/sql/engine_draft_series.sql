-- The series of another engine, in a draft.
--
-- Takes    the relation given (series_id, name, grain, segments MAP, kind)
-- Returns  rows added to series

INSERT INTO series SELECT series_id, name, grain, segments, kind FROM given;
