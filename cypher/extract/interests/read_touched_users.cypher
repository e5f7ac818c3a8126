// Purpose: users whose behaviour or attributes changed since a time.
// Access: read
// Parameters: since DATETIME
// Returns: user_id STRING
// Index: user_touched_at
MATCH (u:User)
WHERE u.touched_at >= $since
RETURN u.user_id AS user_id
ORDER BY user_id
