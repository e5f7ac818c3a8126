// Purpose: the ids of all users, in order.
// Access: read
// Parameters: none
// Returns: user_id STRING
// Index: user_id (constraint)
MATCH (u:User)
WHERE u.user_id >= ''
RETURN u.user_id AS user_id
ORDER BY user_id
