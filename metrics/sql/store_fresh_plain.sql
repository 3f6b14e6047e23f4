-- Leave in fresh what can simply be put on top of what is known.
--
-- Takes    affected, fresh
-- Returns  rows removed from fresh

DELETE FROM fresh USING affected a WHERE a.series_id = fresh.series_id AND a.day = fresh.day;
