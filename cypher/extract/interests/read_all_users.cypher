// Purpose: all users.
// Access: read
// Parameters: none
// Returns: user_id STRING
// Index: none
// Scan: a full run is about every user.
MATCH (u:User)
RETURN u.user_id AS user_id
ORDER BY user_id
