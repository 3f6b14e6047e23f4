-- The stored values of some series, a page of them.
--
-- Takes    :first, :last (or null), :size, :skipped; observed, chosen (series_id, place)
-- Returns  day, series_id, value

SELECT o.day AS day, o.series_id AS series_id, o.value AS value
FROM observed o
JOIN chosen c ON c.series_id = o.series_id
WHERE o.day >= COALESCE(:first, o.day) AND o.day <= COALESCE(:last, o.day)
ORDER BY o.day, c.place
LIMIT :size OFFSET :skipped
