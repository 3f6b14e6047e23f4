-- All that was told of some series between two days.
--
-- Takes    :newest; {table}: telling or sample_telling; asked (series_id, first_day, last_day), batch, load
-- Returns  series_id, day, value, batch

SELECT t.series_id AS series_id, t.day AS day, t.value AS value, t.batch AS batch
FROM {table} t
JOIN asked a ON a.series_id = t.series_id
WHERE t.day BETWEEN a.first_day AND a.last_day
  AND t.batch IN (SELECT b.batch FROM batch b JOIN load l ON l.load = b.load WHERE l.load <= :newest)
