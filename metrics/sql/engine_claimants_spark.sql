-- Who else took the number of a load.
--
-- Takes    :load, :token (of the one that asks); claim
-- Returns  load, a row each

SELECT c.load AS load FROM claim c WHERE c.load = :load AND c.token <> :token
