-- The newest load that read a file of a name for a source.
--
-- Takes    $source VARCHAR, $file VARCHAR; load, load_source, load_file
-- Returns  at most one row: load, sha256, rows_read, kept, unchanged, restated, undone (BOOLEAN)

SELECT f.load, f.sha256, f.rows_read, s.kept, s.unchanged, s.restated, l.undone_at IS NOT NULL AS undone
FROM load_file f
JOIN load_source s ON s.load = f.load AND s.source = f.source
JOIN load l ON l.load = f.load
WHERE f.source = $source AND f.file = $file
ORDER BY f.load DESC
LIMIT 1;
