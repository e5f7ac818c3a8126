// Purpose: users with behaviour on these items, the most recently changed first; their embeddings depend on these
// items.
// Access: read
// Parameters: item_ids LIST<STRING>, bound INTEGER
// Returns: user_id STRING
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (:Item {item_id: item_id})<-[]-(u:User)
WITH DISTINCT u
ORDER BY u.touched_at DESC, u.user_id
LIMIT $bound
RETURN u.user_id AS user_id
