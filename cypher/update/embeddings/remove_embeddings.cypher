// Purpose: delete the embeddings of users and items without any data.
// Access: write
// Parameters: user_ids LIST<STRING>, item_ids LIST<STRING>
// Returns: nothing
// Index: user_id (constraint), item_id (constraint)
CALL () {
  UNWIND $user_ids AS user_id
  MATCH (u:User {user_id: user_id})
  REMOVE u.embedding, u.embedding_version, u.embedded_at
}
CALL () {
  UNWIND $item_ids AS item_id
  MATCH (i:Item {item_id: item_id})
  REMOVE i.embedding, i.embedding_version, i.embedded_at
}
