// Purpose: users touched since a time, and users whose embedding is of another model than `version`.
// Access: read
// Parameters: since DATETIME, version STRING
// Returns: user_id STRING
// Index: user_touched_at
// Scan: an embedding of another model has to be found wherever it is, or a run that was stopped half-way would leave it.
MATCH (u:User)
WHERE u.touched_at >= $since OR u.embedding_version <> $version
RETURN u.user_id AS user_id
ORDER BY user_id
