// Purpose: store embeddings of users of a lease, if their model is still the active one. A null deletes the embedding.
// rows: maps of user_id and embedding.
// Access: write
// Parameters: rows LIST<MAP>, version STRING
// Returns: nothing
// Index: user_id (constraint), model_version (constraint)
MATCH (m:Model {version: $version})
WHERE m.active
CALL () {
  UNWIND $rows AS row
  WITH row WHERE row.embedding IS NULL
  MATCH (u:User {user_id: row.user_id})
  REMOVE u.embedding, u.embedding_version, u.embedded_at
}
UNWIND $rows AS row
WITH row WHERE row.embedding IS NOT NULL
MATCH (u:User {user_id: row.user_id})
CALL db.create.setNodeVectorProperty(u, 'embedding', row.embedding)
SET u.embedding_version = $version, u.embedded_at = datetime.realtime()
