-- All that is known now.
--
-- Takes    nothing
-- Returns  the temporary views observed, sampled (series_id, day, value)

CREATE TEMP VIEW observed AS SELECT series_id, day, value FROM observation;

CREATE TEMP VIEW sampled AS SELECT series_id, day, unnest(value) AS value FROM sample;
