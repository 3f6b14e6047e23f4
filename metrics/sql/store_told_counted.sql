-- How many days' bags each source tells.
--
-- Takes    told, told_batch
-- Returns  one row per source_no: source_no, bags

SELECT b.source_no, count(*) AS bags FROM told t JOIN told_batch b USING (batch) GROUP BY b.source_no;
