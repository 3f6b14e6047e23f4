-- A load says how far it is; the time is the server's.
--
-- Takes    :load, :batch (the highest that it takes), :newest (the load it is made upon), :token (of it alone),
--          :step ('begun', 'ending' or 'back')
-- Returns  a row added to claim

INSERT INTO claim SELECT :load, :batch, :newest, :token, :step, unix_micros(current_timestamp())
