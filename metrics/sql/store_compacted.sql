-- Put a compaction on record.
--
-- Takes    $since, $compacted_at TIMESTAMP, UTC; $compacted_by VARCHAR; $tellings BIGINT
-- Does     a row of horizon

INSERT INTO horizon VALUES ($since, $compacted_at, $compacted_by, $tellings);
