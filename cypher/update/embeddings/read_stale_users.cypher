// Purpose: users that changed since a time, or with an embedding of another model than `version`.
// Access: read
// Parameters: since DATETIME, version STRING
// Returns: user_id STRING
// Index: user_touched_at
// Scan: embeddings of other models have to be found everywhere, also those that an interrupted run left.
MATCH (u:User)
WHERE u.touched_at >= $since OR u.embedding_version <> $version
RETURN u.user_id AS user_id
ORDER BY user_id
