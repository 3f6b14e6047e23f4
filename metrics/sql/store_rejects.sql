-- Cells that a load refused and left out.
--
-- Takes    $load INTEGER; reject
-- Returns  one row per cell: source, file, line, column, cell, reason

SELECT source, file, line, column_name AS "column", cell, reason
FROM reject
WHERE load = $load
ORDER BY source, file, line, column_name;
