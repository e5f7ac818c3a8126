// Purpose: record how a stage's run ended; a null error means it did all its work.
// Access: write
// Parameters: run_id STRING, counts STRING, watermark DATETIME, error STRING
// Returns: nothing
// Index: run_id (constraint)
MATCH (r:Run {run_id: $run_id})
SET r.ended_at = datetime(), r.counts = $counts, r.watermark = $watermark, r.error = $error
