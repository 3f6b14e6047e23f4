-- What became of the values that were put on top of what is known, by source.
--
-- Takes    told_batch, fresh
-- Returns  one row per source_no: source_no, kept, restated

SELECT b.source_no, count(*) FILTER (f.current_value IS NULL) AS kept,
       count(*) FILTER (f.current_value <> f.value) AS restated
FROM fresh f
JOIN told_batch b USING (batch)
GROUP BY b.source_no;
