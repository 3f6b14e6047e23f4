-- Forget what a load told, before the next kind.
--
-- Takes    told, as store_told_sample.sql made it
-- Returns  nothing

DROP TABLE told;
