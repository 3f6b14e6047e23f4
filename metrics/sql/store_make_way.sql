-- A value that a younger one replaces makes way; the younger one is appended with the new ones.
--
-- Changed where it stands, a row makes the checkpoint write its whole block anew, and a day of all
-- series lies in every block: the cost of one day would grow with all that is stored.
--
-- Takes    fresh
-- Returns  rows removed from {table}

DELETE FROM {table} USING fresh f WHERE f.current_value <> f.value AND {table}.rowid = f.current_row;
