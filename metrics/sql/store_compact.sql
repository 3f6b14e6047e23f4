-- Forget what stood no more at some time: who asks for that time or a later one sees no difference.
--
-- Takes    $since TIMESTAMP, UTC; {table}_history, batch
-- Does     removes rows of {table}_history

DELETE FROM {table}_history h
WHERE h.superseded_by IN (SELECT batch FROM batch WHERE known_at <= $since)
  AND h.batch IN (SELECT batch FROM batch WHERE known_at <= $since);
