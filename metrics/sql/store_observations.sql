-- The stored values of one series, a page of them.
--
-- Takes    $name VARCHAR, $first DATE or null, $last DATE or null, $where MAP(VARCHAR, VARCHAR) (segments and
--          their values; empty for all), $size BIGINT, $offset BIGINT; series, observed
-- Returns  rows by day and segments: day, segments (MAP), value

SELECT o.day, s.segments, o.value
FROM observed o
JOIN series s USING (series_id)
WHERE s.name = $name
  AND ($first::DATE IS NULL OR o.day >= $first)
  AND ($last::DATE IS NULL OR o.day <= $last)
  AND list_bool_and(list_transform(
        map_entries($where::MAP(VARCHAR, VARCHAR)), lambda e: s.segments[e.key] IS NOT DISTINCT FROM e.value
      )) IS NOT FALSE
ORDER BY o.day, s.segments::VARCHAR
LIMIT $size OFFSET $offset;
