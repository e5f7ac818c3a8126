// Purpose: the users that are stored as most similar to some users.
// Access: read
// Parameters: user_ids LIST<STRING>
// Returns: user_ids LIST<STRING>
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (:User {user_id: user_id})-[:SIMILAR_TO]->(b:User)
RETURN collect(DISTINCT b.user_id) AS user_ids
