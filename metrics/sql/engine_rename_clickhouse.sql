-- Give the loads of somebody another name; ends when it is done.
--
-- Takes    before, after: bound by the engine; load
-- Returns  rows of load changed

ALTER TABLE load UPDATE loaded_by = {after:String} WHERE loaded_by = {before:String} SETTINGS mutations_sync = 1
