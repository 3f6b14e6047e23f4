-- Samples to percentiles, for every component and every window; engines name the percentile differently.
--
-- Takes    :at (0 to 1); sampled, part, day_stretch, stretch_window
-- Returns  component, place, value, days

SELECT p.component AS component, w.place AS place, percentile(o.value, :at) AS value,
       COUNT(DISTINCT o.day) AS days
FROM sampled o
JOIN part p ON p.series_id = o.series_id
JOIN day_stretch s ON s.day = o.day
JOIN stretch_window w ON w.stretch = s.stretch
GROUP BY p.component, w.place
