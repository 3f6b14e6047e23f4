-- Copies the compactions of another store, attached as `old`, with another name for somebody.
--
-- Takes    $before, $after
-- Does     fills the empty table

INSERT INTO horizon
SELECT * REPLACE (CASE WHEN compacted_by = $before THEN $after ELSE compacted_by END AS compacted_by)
FROM old.horizon;
