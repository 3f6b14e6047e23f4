-- Series and days of which one load tells several vintages.
--
-- Takes    fresh, affected
-- Returns  rows added to affected

INSERT INTO affected
SELECT series_id, day FROM fresh GROUP BY series_id, day HAVING count(*) > 1
EXCEPT
SELECT series_id, day FROM affected;
