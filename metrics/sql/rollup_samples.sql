-- Samples to percentiles, for every component and every window that wants the same percentile.
--
-- Takes    $at DOUBLE: the percentile, 0 to 1; $first DATE, $last DATE
--          sampled(series_id, day, value) from the store, as known at some time
--          part(component, series_id, fold, alone), day_stretch, stretch_window as for days
-- Returns  one row per component and window that has a sample: component, place, value, days

SELECT
    p.component,
    w.place,
    quantile_cont(o.value, $at) AS value,
    CAST(count(DISTINCT o.day) AS INTEGER) AS days
FROM sampled o
JOIN part p ON p.series_id = o.series_id
JOIN day_stretch s ON s.day = o.day
JOIN stretch_window w ON w.stretch = s.stretch
WHERE o.day BETWEEN $first AND $last
GROUP BY p.component, w.place
