-- A series without values may be told anew in another grain or kind.
--
-- Takes    $name, $grain, $kind VARCHAR
-- Returns  rows changed in series

UPDATE series SET grain = $grain, kind = $kind WHERE name = $name;
