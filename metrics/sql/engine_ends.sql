-- The first or the latest day of each stretch.
--
-- Takes    :fold ('first' or 'latest'); component_day, day_stretch
-- Returns  component, stretch, days, value

SELECT e.component AS component, e.stretch AS stretch, e.days AS days, e.value AS value
FROM (
    SELECT d.component AS component, s.stretch AS stretch, d.value AS value,
           COUNT(*) OVER (PARTITION BY d.component, s.stretch) AS days,
           ROW_NUMBER() OVER (
               PARTITION BY d.component, s.stretch ORDER BY CASE WHEN d.fold = 'first' THEN -d.day ELSE d.day END DESC
           ) AS place
    FROM component_day d
    JOIN day_stretch s ON s.day = d.day
    WHERE d.fold = :fold
) e
WHERE e.place = 1
