-- One value per component and day: what every roll-up starts from, as in `rollup_days.sql`. It is kept,
-- because several statements of one reading start from it.
--
-- Takes    :first, :last; observed, part
-- Returns  the temporary table component_day (component, fold, day, value)

CREATE TEMP TABLE component_day AS
SELECT p.component AS component, p.fold AS fold, o.day AS day,
       CASE p.fold WHEN 'mean' THEN AVG(o.value) WHEN 'min' THEN MIN(o.value) WHEN 'max' THEN MAX(o.value)
                   ELSE SUM(o.value) END AS value
FROM observed o
JOIN part p ON p.series_id = o.series_id
WHERE o.day BETWEEN :first AND :last
GROUP BY p.component, p.fold, o.day
