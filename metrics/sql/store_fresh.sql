-- Of what a load tells, the part that does not simply repeat the current value.
--
-- A value without a date of its own is known already if the current one is equal and not younger.
-- A dated value is known already only if the current one has the same date: otherwise it confirms,
-- and a vintage between the two may still arrive.
--
-- Takes    told, batch, {table}: observation or sample
-- Returns  the temporary table fresh (series_id, day, value, batch, known_at, dated,
--          current_value, current_batch, current_row, current_known_at); current_row is the row's
--          place in {table}, which holds until the end of the transaction

CREATE TEMP TABLE fresh AS
SELECT
    t.series_id, t.day, t.value, t.batch, t.known_at, t.dated,
    c.value AS current_value, c.batch AS current_batch, c.rowid AS current_row, b.known_at AS current_known_at
FROM told t
LEFT JOIN {table} c ON c.series_id = t.series_id AND c.day = t.day
LEFT JOIN batch b ON b.batch = c.batch
WHERE (
    c.value = t.value
    AND CASE WHEN t.dated THEN b.known_at = t.known_at AND b.restores IS NULL ELSE b.known_at <= t.known_at END
) IS NOT TRUE;
