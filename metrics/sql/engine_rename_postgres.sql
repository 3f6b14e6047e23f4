-- Give the loads of somebody another name.
--
-- Takes    :before, :after; load
-- Returns  rows of load changed

UPDATE load SET loaded_by = :after WHERE loaded_by = :before
