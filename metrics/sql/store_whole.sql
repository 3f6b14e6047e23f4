-- Reads every block of a store once, so that a damaged one shows.
--
-- Takes    nothing
-- Returns  one row: a number that depends on every value

SELECT
    (SELECT sum(hash(t)) FROM series t), (SELECT sum(hash(t)) FROM load t), (SELECT sum(hash(t)) FROM load_source t),
    (SELECT sum(hash(t)) FROM load_file t), (SELECT sum(hash(t)) FROM reject t), (SELECT sum(hash(t)) FROM batch t),
    (SELECT sum(hash(t)) FROM observation t), (SELECT sum(hash(t)) FROM observation_history t),
    (SELECT sum(hash(t)) FROM sample t), (SELECT sum(hash(t)) FROM sample_history t);
