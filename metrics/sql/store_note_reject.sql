-- The cells a load refused.
--
-- Takes    the relation refused, in the columns of reject
-- Returns  rows added to reject

INSERT INTO reject SELECT load, source, file, line, column_name, cell, reason FROM refused;
