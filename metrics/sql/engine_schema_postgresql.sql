-- The tables of a store in PostgreSQL. Rows are only ever added.
--
-- Takes    nothing
-- Returns  nothing; afterwards the tables are there
--
-- A day is a number of days since 1970-01-01, a time a number of microseconds since then in UTC: every engine
-- compares whole numbers in the same way. A load exists when its row stands in `load`, which is written
-- last; rows of a load that has none belong to one that was killed, and nobody reads them.
-- `segments` is a JSON object with sorted keys. Of several rows of one series, the latest load's counts.

CREATE TABLE IF NOT EXISTS series (
    series_id INTEGER NOT NULL, name TEXT NOT NULL, grain TEXT NOT NULL, segments TEXT NOT NULL, kind TEXT NOT NULL,
    load INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS load (
    load INTEGER PRIMARY KEY, loaded_at BIGINT NOT NULL, loaded_by TEXT NOT NULL, what TEXT NOT NULL, undoes INTEGER
);
CREATE TABLE IF NOT EXISTS load_source (
    load INTEGER NOT NULL, source TEXT NOT NULL, rows_read BIGINT, kept BIGINT, unchanged BIGINT, restated BIGINT,
    refused BIGINT, series_count BIGINT, first_day INTEGER, last_day INTEGER
);
CREATE TABLE IF NOT EXISTS load_file (
    load INTEGER NOT NULL, source TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT, rows_read BIGINT
);
CREATE TABLE IF NOT EXISTS reject (
    load INTEGER NOT NULL, source TEXT, file TEXT, line BIGINT, column_name TEXT, cell TEXT, reason TEXT
);
CREATE TABLE IF NOT EXISTS batch (
    batch INTEGER NOT NULL, load INTEGER NOT NULL, source TEXT, file TEXT, known_at BIGINT NOT NULL, dated BOOLEAN NOT NULL
);
CREATE TABLE IF NOT EXISTS telling (
    series_id INTEGER NOT NULL, day INTEGER NOT NULL, value DOUBLE PRECISION NOT NULL, batch INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS sample_telling (
    series_id INTEGER NOT NULL, day INTEGER NOT NULL, value DOUBLE PRECISION NOT NULL, batch INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS telling_day ON telling (series_id, day);
CREATE INDEX IF NOT EXISTS sample_telling_day ON sample_telling (series_id, day);
