-- A load says how far it is; the time is the server's.
--
-- Takes    :load, :batch (the highest that it takes), :newest (the load it is made upon), :token (of it alone),
--          :step ('begun', 'ending' or 'back')
-- Returns  a row added to claim; its columns are named, because Sail takes no two of one name, as 1 and 1 are

INSERT INTO claim
SELECT :load AS load, :batch AS batch, :newest AS newest, :token AS token, :step AS step,
       unix_micros(current_timestamp()) AS at
