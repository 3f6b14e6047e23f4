-- Whether a series has any value now.
--
-- Takes    $name VARCHAR; series, observation, sample
-- Returns  one row: a truth value

SELECT EXISTS (SELECT 1 FROM observation JOIN series USING (series_id) WHERE name = $name)
    OR EXISTS (SELECT 1 FROM sample JOIN series USING (series_id) WHERE name = $name);
