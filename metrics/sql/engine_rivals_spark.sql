-- Who else is ending upon the same load, and neither went back nor must be dead.
--
-- Takes    :newest, :token (of the one that asks), :limit (microseconds); claim
-- Returns  load, a row each

SELECT c.load AS load
FROM claim c
LEFT JOIN (SELECT b.token AS token FROM claim b WHERE b.step = 'back') w ON w.token = c.token
WHERE c.step = 'ending' AND c.newest = :newest AND c.token <> :token AND w.token IS NULL
  AND c.at > unix_micros(current_timestamp()) - :limit
