-- Samples that another engine holds, in a draft, before they are put in order.
--
-- Takes    the relation given (series_id, day, value, batch)
-- Returns  rows added to sample_history; the temporary table affected (series_id, day)

INSERT INTO sample_history
SELECT series_id, day, list_sort(list(value)), batch, batch FROM given GROUP BY series_id, day, batch;
CREATE TEMP TABLE affected AS SELECT DISTINCT series_id, day FROM given;
