-- The tables of a store in ClickHouse; `engine_schema_postgresql.sql` says what they mean.
--
-- Takes    nothing
-- Returns  nothing; afterwards the tables are there

CREATE TABLE IF NOT EXISTS series (
    series_id Int32, name String, grain String, segments String, kind String, load Int32
) ENGINE = MergeTree ORDER BY series_id;
CREATE TABLE IF NOT EXISTS load (
    load Int32, loaded_at Int64, loaded_by String, what String, undoes Nullable(Int32)
) ENGINE = MergeTree ORDER BY load;
CREATE TABLE IF NOT EXISTS load_source (
    load Int32, source String, rows_read Int64, kept Int64, unchanged Int64, restated Int64, refused Int64,
    series_count Int64, first_day Nullable(Int32), last_day Nullable(Int32)
) ENGINE = MergeTree ORDER BY load;
CREATE TABLE IF NOT EXISTS load_file (
    load Int32, source String, file String, sha256 String, rows_read Int64
) ENGINE = MergeTree ORDER BY load;
CREATE TABLE IF NOT EXISTS reject (
    load Int32, source String, file String, line Nullable(Int64), column_name Nullable(String), cell Nullable(String),
    reason Nullable(String)
) ENGINE = MergeTree ORDER BY load;
CREATE TABLE IF NOT EXISTS batch (
    batch Int32, load Int32, source Nullable(String), file Nullable(String), known_at Int64, dated Bool
) ENGINE = MergeTree ORDER BY batch;
CREATE TABLE IF NOT EXISTS telling (
    series_id Int32, day Int32, value Float64, batch Int32
) ENGINE = MergeTree ORDER BY (series_id, day);
CREATE TABLE IF NOT EXISTS sample_telling (
    series_id Int32, day Int32, value Float64, batch Int32
) ENGINE = MergeTree ORDER BY (series_id, day);
