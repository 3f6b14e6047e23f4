-- One value per component and day: what every roll-up starts from.
--
-- A component is one series (or several segments of it) folded one way. A day of several segments is
-- one value first: their average, smallest, largest or sum.
--
-- Takes    observed(series_id, day, value)         from the store, as known at some time
--          part(component, series_id, fold, alone) which series feed which component
-- Returns  the temporary view component_day(component, fold, day, value)

CREATE OR REPLACE TEMP VIEW component_day AS
SELECT p.component, p.fold, o.day, o.value
FROM observed o
JOIN part p ON p.series_id = o.series_id
WHERE p.alone
UNION ALL
SELECT
    p.component,
    p.fold,
    o.day,
    CASE p.fold
        WHEN 'mean' THEN avg(o.value)
        WHEN 'min' THEN min(o.value)
        WHEN 'max' THEN max(o.value)
        ELSE fsum(o.value)
    END AS value
FROM observed o
JOIN part p ON p.series_id = o.series_id
WHERE NOT p.alone
GROUP BY p.component, p.fold, o.day
