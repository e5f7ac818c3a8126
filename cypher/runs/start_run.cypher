// Purpose: record the start of a run of a stage.
// Access: write
// Parameters: run_id STRING, stage STRING
// Returns: started_at DATETIME
// Index: run_id (constraint)
MERGE (r:Run {run_id: $run_id})
ON CREATE SET r.stage = $stage, r.started_at = datetime()
RETURN r.started_at AS started_at
