-- The tables of a store on Spark; `engine_schema_postgresql.sql` says what they mean. `metrics/engines/spark.py`
-- says what `claim` is for, and adds the folder where the catalog does not know one.
--
-- Takes    nothing
-- Returns  nothing; afterwards the tables are there

CREATE TABLE IF NOT EXISTS series (
    series_id INT, name STRING, grain STRING, segments STRING, kind STRING, load INT
);
CREATE TABLE IF NOT EXISTS load (
    load INT, loaded_at BIGINT, loaded_by STRING, what STRING, undoes INT
);
CREATE TABLE IF NOT EXISTS load_source (
    load INT, source STRING, rows_read BIGINT, kept BIGINT, unchanged BIGINT, restated BIGINT, refused BIGINT,
    series_count BIGINT, first_day INT, last_day INT
);
CREATE TABLE IF NOT EXISTS load_file (
    load INT, source STRING, file STRING, sha256 STRING, rows_read BIGINT
);
CREATE TABLE IF NOT EXISTS reject (
    load INT, source STRING, file STRING, line BIGINT, column_name STRING, cell STRING, reason STRING
);
CREATE TABLE IF NOT EXISTS batch (
    batch INT, load INT, source STRING, file STRING, known_at BIGINT, dated BOOLEAN
);
CREATE TABLE IF NOT EXISTS telling (
    series_id INT, day INT, value DOUBLE, batch INT
);
CREATE TABLE IF NOT EXISTS sample_telling (
    series_id INT, day INT, value DOUBLE, batch INT
);
CREATE TABLE IF NOT EXISTS claim (
    load INT, batch INT, newest INT, token STRING, step STRING, at BIGINT
);
