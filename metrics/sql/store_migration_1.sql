-- From a store without a stamp to schema 1: the tables stay as they are and say what they are.
--
-- Takes    nothing
-- Does     schema 1

CREATE TABLE store_schema (version INTEGER);
INSERT INTO store_schema VALUES (1);
