-- A batch of which nothing was kept is not noted.
--
-- Takes    $load INTEGER; observation, observation_history, sample, sample_history
-- Returns  rows removed from batch
--
-- Only this load's batches are looked for: blocks of older ones are passed over unread.

DELETE FROM batch
WHERE load = $load AND batch NOT IN (
    WITH mine AS (SELECT batch FROM batch WHERE load = $load)
    SELECT o.batch FROM observation o JOIN mine ON mine.batch = o.batch
    UNION SELECT h.batch FROM observation_history h JOIN mine ON mine.batch = h.batch
    UNION SELECT mine.batch FROM observation_history h JOIN mine ON mine.batch = h.superseded_by
    UNION SELECT s.batch FROM sample s JOIN mine ON mine.batch = s.batch
    UNION SELECT h.batch FROM sample_history h JOIN mine ON mine.batch = h.batch
    UNION SELECT mine.batch FROM sample_history h JOIN mine ON mine.batch = h.superseded_by
);
