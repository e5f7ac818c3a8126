// Purpose: users who have a short-term interest, but no recent event any more.
// Access: read
// Parameters: recent DATETIME
// Returns: user_id STRING
// Index: user_recent
MATCH (u:User)
WHERE u.recent_at <= $recent
RETURN u.user_id AS user_id
ORDER BY user_id
