-- A store of schema 1, as it was made before stores could forget, with one load of one series.

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

INSERT INTO series VALUES (1, 'orders', 'day', MAP {}, 'values');
INSERT INTO load VALUES (1, '2026-02-11 00:00:00', 'ana', 'load', NULL, NULL, NULL);
INSERT INTO load_source VALUES (1, 'web', 1, 1, 0, 0, 0, 1, '2026-01-05', '2026-01-05');
INSERT INTO load_file VALUES (1, 'web', 'web.csv', '00', 1);
INSERT INTO batch VALUES (1, 1, 'web', 'web.csv', '2026-02-11 00:00:00', false, NULL, NULL);
INSERT INTO observation VALUES (1, '2026-01-05', 1.0, 1);

CREATE TABLE store_schema (version INTEGER);
INSERT INTO store_schema VALUES (1);
