// Purpose: the latest run of each stage, successful or not.
// Access: read
// Parameters: none
// Returns: stage STRING, run_id STRING, started_at STRING, ended_at STRING, seconds FLOAT, counts STRING, error STRING
// Index: none
// Scan: there is one run a stage, not one an event
MATCH (r:Run)
WITH r ORDER BY r.started_at DESC
WITH r.stage AS stage, head(collect(r)) AS r
RETURN stage, r.run_id AS run_id, toString(r.started_at) AS started_at, toString(r.ended_at) AS ended_at,
       duration.inSeconds(r.started_at, r.ended_at).milliseconds / 1000.0 AS seconds, r.counts AS counts,
       r.error AS error
ORDER BY started_at, stage
