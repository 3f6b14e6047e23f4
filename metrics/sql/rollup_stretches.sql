-- Days to stretches, the days between two neighbouring edges of windows, for every component that is
-- folded one way, so that a day is read once however many windows hold it.
--
-- Takes    $fold VARCHAR; $first DATE, $last DATE: first and last day of all windows
--          component_day(component, fold, day, value), day_stretch(day, stretch)
-- Returns  one row per component and stretch that has a day: component, stretch, days, value

SELECT
    d.component,
    s.stretch,
    CAST(count(*) AS INTEGER) AS days,
    -- $fold is known when the statement is planned, so one of these is computed and not all five.
    CASE $fold
        WHEN 'min' THEN min(d.value)
        WHEN 'max' THEN max(d.value)
        WHEN 'first' THEN arg_min(d.value, d.day)
        WHEN 'latest' THEN arg_max(d.value, d.day)
        ELSE fsum(d.value)
    END AS value
FROM component_day d
JOIN day_stretch s ON s.day = d.day
WHERE d.fold = $fold AND d.day BETWEEN $first AND $last
GROUP BY d.component, s.stretch
