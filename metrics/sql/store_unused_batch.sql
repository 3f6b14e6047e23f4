-- A batch of which nothing was kept is not noted.
--
-- Takes    $load INTEGER; observation, observation_history, sample, sample_history
-- Returns  rows removed from batch

DELETE FROM batch
WHERE load = $load AND batch NOT IN (
    SELECT batch FROM observation UNION SELECT batch FROM observation_history
    UNION SELECT superseded_by FROM observation_history
    UNION SELECT batch FROM sample UNION SELECT batch FROM sample_history
    UNION SELECT superseded_by FROM sample_history
);
