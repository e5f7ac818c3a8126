// Purpose: one user by id; no row if there is none.
// Access: read
// Parameters: user_id STRING
// Returns: user_id STRING
// Index: user_id (constraint)
MATCH (n:User {user_id: $user_id})
RETURN n.user_id AS user_id
