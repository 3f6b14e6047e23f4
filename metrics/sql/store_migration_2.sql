-- From schema 1 to 2: a store can forget what was known long ago, and says since when it knows.
--
-- Takes    nothing
-- Does     schema 2

CREATE TABLE horizon (since TIMESTAMP, compacted_at TIMESTAMP, compacted_by VARCHAR, tellings BIGINT);
UPDATE store_schema SET version = 2;
