-- Series told for the first time.
--
-- Takes    the relation new_series (series_id, name, grain, segments, kind)
-- Returns  rows added to series

INSERT INTO series SELECT series_id, name, grain, segments, kind FROM new_series;
