// Purpose: the counts of the last successful build, as JSON.
// Access: read
// Parameters: none
// Returns: counts STRING
// Index: run_stage
MATCH (r:Run {stage: 'build'})
WHERE r.ended_at IS NOT NULL AND r.error IS NULL
RETURN r.counts AS counts
ORDER BY r.started_at DESC, r.run_id
LIMIT 1
