-- One value per component and day: what every roll-up starts from, as in `rollup_days.sql`.
--
-- Takes    :first, :last, :fold (or null for all); observed, part
-- Returns  component, fold, day, value

SELECT p.component AS component, p.fold AS fold, o.day AS day,
       CASE p.fold WHEN 'mean' THEN AVG(o.value) WHEN 'min' THEN MIN(o.value) WHEN 'max' THEN MAX(o.value)
                   ELSE SUM(o.value) END AS value
FROM observed o
JOIN part p ON p.series_id = o.series_id
WHERE o.day BETWEEN :first AND :last AND p.fold = COALESCE(:fold, p.fold)
GROUP BY p.component, p.fold, o.day
