-- Of what another engine holds, as much as the list of sources asks for: a day a series and batch.
--
-- Takes    the relation given (series_id, day, batch)
-- Returns  rows added to observation

INSERT INTO observation SELECT series_id, day, NULL, batch FROM given;
