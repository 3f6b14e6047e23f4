-- Forget the work on one kind of values, before the next.
--
-- Takes    nothing
-- Returns  nothing

DROP TABLE IF EXISTS fresh;
DROP TABLE IF EXISTS affected;
DROP TABLE IF EXISTS telling;
DROP TABLE IF EXISTS stood;
DROP TABLE IF EXISTS run;
DROP TABLE IF EXISTS stretch;
DROP TABLE IF EXISTS told_batch;
DROP TABLE IF EXISTS mine;
