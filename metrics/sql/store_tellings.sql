-- How many tellings stand no more.
--
-- Takes    observation_history, sample_history
-- Returns  one row: tellings (BIGINT)

SELECT (SELECT count(*) FROM observation_history) + (SELECT count(*) FROM sample_history) AS tellings;
