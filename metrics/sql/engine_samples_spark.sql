-- Samples to percentiles, for every component and every window; engines name the percentile differently. Days are
-- counted where there is one row a day: beside a percentile, Spark would put the samples of each day in order first.
--
-- Takes    :at (0 to 1); sampled, stood, part, day_stretch, stretch_window
-- Returns  component, place, value, days

SELECT r.component AS component, r.place AS place, r.value AS value, d.days AS days
FROM (
    SELECT p.component AS component, w.place AS place, percentile(o.value, :at) AS value
    FROM sampled o
    JOIN part p ON p.series_id = o.series_id
    JOIN day_stretch s ON s.day = o.day
    JOIN stretch_window w ON w.stretch = s.stretch
    GROUP BY p.component, w.place
) r
JOIN (
    SELECT p.component AS component, w.place AS place, COUNT(DISTINCT h.day) AS days
    FROM stood h
    JOIN part p ON p.series_id = h.series_id
    JOIN day_stretch s ON s.day = h.day
    JOIN stretch_window w ON w.stretch = s.stretch
    GROUP BY p.component, w.place
) d ON d.component = r.component AND d.place = r.place
