-- One value per day of some components: the shape in which a plan is spread, and the points of a daily chart.
--
-- Takes    $first DATE, $last DATE
--          observed(series_id, day, value), part(component, series_id, fold, alone)
-- Returns  one row per component and day that has a value: component, day, value

SELECT
    p.component,
    o.day,
    CASE any_value(p.fold)
        WHEN 'mean' THEN avg(o.value)
        WHEN 'min' THEN min(o.value)
        WHEN 'max' THEN max(o.value)
        ELSE fsum(o.value)
    END AS value
FROM observed o
JOIN part p ON p.series_id = o.series_id
WHERE o.day BETWEEN $first AND $last
GROUP BY p.component, o.day
