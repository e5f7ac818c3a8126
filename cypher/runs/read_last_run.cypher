// Purpose: the last successful run of a stage.
// Access: read
// Parameters: stage STRING
// Returns: run_id STRING, started_at DATETIME, ended_at DATETIME, watermark DATETIME, counts STRING
// Index: run_stage
MATCH (r:Run {stage: $stage})
WHERE r.ended_at IS NOT NULL AND r.error IS NULL
RETURN r.run_id AS run_id, r.started_at AS started_at, r.ended_at AS ended_at, r.watermark AS watermark,
       r.counts AS counts
ORDER BY r.started_at DESC, r.run_id
LIMIT 1
