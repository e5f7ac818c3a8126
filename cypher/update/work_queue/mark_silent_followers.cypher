// Purpose: mark, with low priority, users who follow one of these users and have no behaviour, unless they have a mark:
// their embeddings depend on the users they follow. At most `bound` followers of each user are read.
// Access: write
// Parameters: user_ids LIST<STRING>, bound INTEGER, millis INTEGER
// Returns: marked INTEGER
// Index: user_id, lock_key (constraints)
UNWIND $user_ids AS user_id
CALL (user_id) {
  MATCH (:User {user_id: user_id})<-[:FOLLOWS]-(u:User)
  WITH u LIMIT $bound
  WITH u WHERE u.due IS NULL AND u.idle_due IS NULL AND NOT EXISTS { (u)-->(:Item) }
  RETURN u
}
WITH DISTINCT u
ORDER BY u.user_id
CREATE (l:Lock {key: 'User ' + u.user_id})
DELETE l
WITH u WHERE u.due IS NULL AND u.idle_due IS NULL
SET u.idle_due = timestamp() + $millis
RETURN count(*) AS marked
