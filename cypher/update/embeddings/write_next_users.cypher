// Purpose: store embeddings of users by a model that is not active yet, beside the served ones.
// Access: write
// Parameters: rows LIST<MAP>, version STRING
// Returns: nothing
// Index: user_id (constraint)
UNWIND $rows AS row
MATCH (u:User {user_id: row.user_id})
SET u.next_embedding = row.embedding, u.next_version = $version
