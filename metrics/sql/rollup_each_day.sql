-- The days of some components: the shape in which a plan is spread, and the points of a daily chart.
--
-- Takes    $first DATE, $last DATE
--          component_day(component, fold, day, value)
-- Returns  one row per component and day that has a value: component, day, value

SELECT component, day, value
FROM component_day
WHERE day BETWEEN $first AND $last
