-- Whether the cells refused now are those that each source's last load refused.
--
-- Takes    the relation refused (source, file, line, column_name, cell, reason) and the relation
--          counted (source); load_source, reject
-- Returns  one row: a truth value

WITH latest AS (
    SELECT source, max(load) AS load FROM load_source SEMI JOIN counted USING (source) GROUP BY source
),
before AS (
    SELECT r.source, r.file, r.line, r.column_name, r.cell, r.reason FROM reject r JOIN latest USING (source, load)
),
now AS (SELECT source, file, line, column_name, cell, reason FROM refused)
SELECT NOT EXISTS (FROM before EXCEPT ALL FROM now) AND NOT EXISTS (FROM now EXCEPT ALL FROM before);
