// Purpose: users who follow these users, the most recently changed first; their embeddings depend on these users.
// Access: read
// Parameters: user_ids LIST<STRING>, bound INTEGER
// Returns: user_id STRING
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (:User {user_id: user_id})<-[:FOLLOWS]-(u:User)
WITH DISTINCT u
ORDER BY u.touched_at DESC, u.user_id
LIMIT $bound
RETURN u.user_id AS user_id
