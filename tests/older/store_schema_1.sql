-- The tables of a new store. No primary keys: a three-column key makes the file ten times as large.
--
-- Takes    nothing
-- Returns  nothing; afterwards the store is empty and whole
--
-- A telling is one value of one series and day, told at one time (`batch.known_at`, UTC). It has
-- exactly one row: in `observation` if it stands now, else in `observation_history`, where
-- `superseded_by` is the batch that ended it, or its own batch if it never stood (it repeated what
-- was known, or its load was undone). `sample` is the same for the bag of samples of a day.

CREATE TABLE series (series_id INTEGER, name VARCHAR, grain VARCHAR, segments MAP(VARCHAR, VARCHAR), kind VARCHAR);

CREATE TABLE load (
    load INTEGER,
    loaded_at TIMESTAMP,
    loaded_by VARCHAR,
    what VARCHAR,              -- 'load' or 'undo'
    undoes INTEGER,            -- of an undo: the load it took back
    undone_at TIMESTAMP,
    undone_by INTEGER          -- of a load taken back: the undo
);

CREATE TABLE load_source (
    load INTEGER, source VARCHAR, rows_read BIGINT, kept BIGINT, unchanged BIGINT, restated BIGINT, refused BIGINT,
    series_count BIGINT, first_day DATE, last_day DATE
);

CREATE TABLE load_file (load INTEGER, source VARCHAR, file VARCHAR, sha256 VARCHAR, rows_read BIGINT);

CREATE TABLE reject (
    load INTEGER, source VARCHAR, file VARCHAR, line BIGINT, column_name VARCHAR, cell VARCHAR, reason VARCHAR
);

CREATE TABLE batch (
    batch INTEGER,
    load INTEGER,
    source VARCHAR,
    file VARCHAR,
    known_at TIMESTAMP,        -- when its values became known
    dated BOOLEAN,             -- told by the source (observed_at), else the time of the load
    restores INTEGER,          -- of values an undo brought back: the batch that first told them
    restored_by INTEGER        -- and the undo
);

CREATE TABLE observation (series_id INTEGER, day DATE, value DOUBLE, batch INTEGER);
CREATE TABLE observation_history (series_id INTEGER, day DATE, value DOUBLE, batch INTEGER, superseded_by INTEGER);
CREATE TABLE sample (series_id INTEGER, day DATE, value DOUBLE[], batch INTEGER);
CREATE TABLE sample_history (series_id INTEGER, day DATE, value DOUBLE[], batch INTEGER, superseded_by INTEGER);

-- How many migrations made these tables (`store_migration_*.sql`).
CREATE TABLE store_schema (version INTEGER);
INSERT INTO store_schema VALUES (1);
