// Purpose: whether a user waits for the follower; no row for one whom the graph doesn't know.
// Parameters: user_id STRING
// Returns: pending BOOLEAN
MATCH (u:User {user_id: $user_id})
RETURN u.due IS NOT NULL AS pending
