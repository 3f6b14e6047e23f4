-- Samples to percentiles, for every component and every window.
--
-- Between two samples the percentile lies on the line that joins them, so it is the sum of all samples,
-- each weighed by how near its rank is: engines call this by different names, but all can count.
--
-- Takes    :at (0 to 1), :first, :last; sampled, part, day_stretch, stretch_window
-- Returns  component, place, value, days

SELECT r.component AS component, r.place AS place,
       SUM(r.value * GREATEST(0.0, 1.0 - ABS(r.nth - 1 - :at * (r.n - 1)))) AS value, COUNT(DISTINCT r.day) AS days
FROM (
    SELECT p.component AS component, w.place AS place, o.day AS day, o.value AS value,
           CAST(ROW_NUMBER() OVER (PARTITION BY p.component, w.place ORDER BY o.value) AS DOUBLE) AS nth,
           CAST(COUNT(*) OVER (PARTITION BY p.component, w.place) AS DOUBLE) AS n
    FROM sampled o
    JOIN part p ON p.series_id = o.series_id
    JOIN day_stretch s ON s.day = o.day
    JOIN stretch_window w ON w.stretch = s.stretch
    WHERE o.day BETWEEN :first AND :last
) r
GROUP BY r.component, r.place
