-- Days to stretches, for components whose days are added, averaged or compared.
--
-- Takes    :fold; component_day, day_stretch
-- Returns  component, stretch, days, value

SELECT d.component AS component, s.stretch AS stretch, COUNT(*) AS days,
       CASE MIN(d.fold) WHEN 'min' THEN MIN(d.value) WHEN 'max' THEN MAX(d.value) ELSE SUM(d.value) END AS value
FROM component_day d
JOIN day_stretch s ON s.day = d.day
WHERE d.fold = :fold
GROUP BY d.component, s.stretch
