// Purpose: store embeddings of users, with the version of their model and the time.
// Access: write
// Parameters: rows LIST<MAP>, version STRING
// Returns: nothing
// Index: user_id (constraint)
UNWIND $rows AS row
MATCH (u:User {user_id: row.user_id})
CALL db.create.setNodeVectorProperty(u, 'embedding', row.embedding)
SET u.embedding_version = $version, u.embedded_at = datetime()
