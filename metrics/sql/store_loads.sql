-- Every load and every undo, newest first.
--
-- Takes    load, load_source
-- Returns  one row per load: load, loaded_at (UTC), by, what, undoes, sources, rows, kept, unchanged,
--          restated, refused, undone_at (UTC), undone_by

SELECT l.load, l.loaded_at, l.loaded_by AS "by", l.what, l.undoes,
       coalesce(string_agg(s.source, ', ' ORDER BY s.source), '') AS sources,
       coalesce(sum(s.rows_read), 0)::BIGINT AS "rows", coalesce(sum(s.kept), 0)::BIGINT AS kept,
       coalesce(sum(s.unchanged), 0)::BIGINT AS unchanged, coalesce(sum(s.restated), 0)::BIGINT AS restated,
       coalesce(sum(s.refused), 0)::BIGINT AS refused, l.undone_at, l.undone_by
FROM load l
LEFT JOIN load_source s USING (load)
GROUP BY ALL
ORDER BY l.load DESC;
