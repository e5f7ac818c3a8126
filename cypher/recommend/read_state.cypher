// Purpose: what an answer for this user stands on: the last build, the active model and the last event of the user.
// Access: read
// Parameters: user_id STRING
// Returns: counts STRING, model_version STRING, latest DATETIME
// Index: user_id (constraint), run_stage
// Scan: there are only a handful of Model nodes
MATCH (u:User {user_id: $user_id})
CALL (u) {
  MATCH (u)-[b]->(:Item)
  RETURN max(b.at) AS latest
}
CALL (u) {
  OPTIONAL MATCH (r:Run {stage: 'build'})
  WHERE r.ended_at IS NOT NULL AND r.error IS NULL
  RETURN r.counts AS counts
  ORDER BY r.started_at DESC, r.run_id
  LIMIT 1
}
CALL (u) {
  OPTIONAL MATCH (m:Model)
  WHERE m.active
  RETURN m.version AS model_version
  ORDER BY m.trained_at DESC, m.version
  LIMIT 1
}
RETURN counts, model_version, latest
