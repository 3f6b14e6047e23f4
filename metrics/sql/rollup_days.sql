-- Days to periods, for every component of every metric and every window at once.
--
-- A component is one series (or several segments of it) folded one way. Days are added up to
-- stretches, the days between two neighbouring edges of windows, and stretches to windows, so
-- that a day is read once however many windows hold it.
--
-- Takes    $first DATE, $last DATE: first and last day of all windows
--          observed(series_id, day, value)         from the store, as known at some time
--          part(component, series_id, fold, alone) which series feed which component
--          day_stretch(day, stretch), stretch_window(stretch, place)
-- Returns  one row per component and window that has a day: component, place, total, days,
--          least, most, earliest, latest

WITH days AS (
    SELECT p.component, o.day, o.value
    FROM observed o
    JOIN part p ON p.series_id = o.series_id
    WHERE p.alone AND o.day BETWEEN $first AND $last
    UNION ALL
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
    WHERE NOT p.alone AND o.day BETWEEN $first AND $last
    GROUP BY p.component, o.day
),
stretches AS (
    SELECT
        d.component,
        s.stretch,
        fsum(d.value) AS total,
        count(*) AS days,
        min(d.value) AS least,
        max(d.value) AS most,
        arg_min(d.value, d.day) AS earliest,
        min(d.day) AS first_day,
        arg_max(d.value, d.day) AS latest,
        max(d.day) AS last_day
    FROM days d
    JOIN day_stretch s ON s.day = d.day
    GROUP BY d.component, s.stretch
)
SELECT
    t.component,
    w.place,
    fsum(t.total) AS total,
    CAST(sum(t.days) AS INTEGER) AS days,
    min(t.least) AS least,
    max(t.most) AS most,
    arg_min(t.earliest, t.first_day) AS earliest,
    arg_max(t.latest, t.last_day) AS latest
FROM stretches t
JOIN stretch_window w ON w.stretch = t.stretch
GROUP BY t.component, w.place
