// Purpose: of the users who follow one of these, those who did nothing themselves: their embeddings say what the followed do.
// Access: read
// Parameters: user_ids LIST<STRING>, bound INTEGER
// Returns: user_id STRING
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
CALL (user_id) {
  MATCH (:User {user_id: user_id})<-[:FOLLOWS]-(u:User)
  WITH u LIMIT $bound
  WITH u WHERE NOT EXISTS { (u)-->(:Item) }
  RETURN u
}
RETURN DISTINCT u.user_id AS user_id
