-- One load.
--
-- Takes    $load INTEGER; load
-- Returns  load, loaded_at (microseconds since 1970), loaded_by, what, undoes

SELECT load, epoch_us(loaded_at) AS loaded_at, loaded_by, what, undoes FROM load WHERE load = $load;
