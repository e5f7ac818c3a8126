// Purpose: the embeddings of some users by one model; users without one are left out.
// Access: read
// Parameters: user_ids LIST<STRING>, version STRING
// Returns: user_id STRING, embedding LIST<FLOAT>
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (u:User {user_id: user_id})
WHERE u.embedding_version = $version
RETURN u.user_id AS user_id, u.embedding AS embedding
