-- Values that another engine holds, in a draft, before they are put in order.
--
-- Takes    the relation given (series_id, day, value, batch)
-- Returns  rows added to observation_history; the temporary table affected (series_id, day)

INSERT INTO observation_history SELECT series_id, day, value, batch, batch FROM given;
CREATE TEMP TABLE affected AS SELECT DISTINCT series_id, day FROM given;
