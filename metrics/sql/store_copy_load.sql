-- Copies the loads of another store, attached as `old`, with another name for somebody.
--
-- Takes    $before, $after
-- Does     fills the empty table

INSERT INTO load
SELECT * REPLACE (CASE WHEN loaded_by = $before THEN $after ELSE loaded_by END AS loaded_by)
FROM old.load;
