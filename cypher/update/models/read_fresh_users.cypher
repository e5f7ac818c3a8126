// Purpose: users that changed since a model was trained.
// Access: read
// Parameters: version STRING
// Returns: user_id STRING
// Index: model_version (constraint), user_touched_at
MATCH (m:Model {version: $version})
MATCH (u:User)
WHERE u.touched_at >= m.trained_at
RETURN u.user_id AS user_id
