-- Gives the loads of somebody another name.
--
-- Takes    $before, $after
-- Returns  one row a load: its number

UPDATE load SET loaded_by = $after WHERE loaded_by = $before RETURNING load;
