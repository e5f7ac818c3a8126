// Purpose: mark, with low priority, users with behaviour on these items, unless they have a mark: their embeddings
// depend on the items. At most `bound` users of each item are read.
// Access: write
// Parameters: item_ids LIST<STRING>, bound INTEGER, millis INTEGER
// Returns: marked INTEGER
// Index: item_id, lock_key (constraints)
UNWIND $item_ids AS item_id
CALL (item_id) {
  MATCH (:Item {item_id: item_id})<-[]-(u:User)
  RETURN u LIMIT $bound
}
WITH DISTINCT u
WHERE u.due IS NULL AND u.idle_due IS NULL
ORDER BY u.user_id
CREATE (l:Lock {key: 'User ' + u.user_id})
DELETE l
WITH u WHERE u.due IS NULL AND u.idle_due IS NULL
SET u.idle_due = timestamp() + $millis
RETURN count(*) AS marked
