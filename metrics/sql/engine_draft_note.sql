-- What other engines noted of loads, in a draft.
--
-- Takes    the relation given; {table}: load_source, load_file or reject
-- Returns  rows added to {table}

INSERT INTO {table} BY NAME SELECT * FROM given;
