-- Forget what a load told, before the next kind.
--
-- Takes    told, as store_told_observation.sql made it
-- Returns  nothing

DROP VIEW told;
