-- A load is taken back.
--
-- Takes    $load, $undo INTEGER, $undone_at TIMESTAMP UTC
-- Returns  rows changed in load

UPDATE load SET undone_at = $undone_at, undone_by = $undo WHERE load = $load;
