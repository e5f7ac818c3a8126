// Purpose: for how long the longest waiting mark of users and of items has been due, in milliseconds; null for none.
// Access: read
// Parameters: none
// Returns: users INTEGER, items INTEGER
// Index: user_due, item_due
OPTIONAL MATCH (u:User)
WHERE u.due <= timestamp()
WITH u ORDER BY u.due LIMIT 1
WITH timestamp() - u.due AS users
CALL (users) {
  OPTIONAL MATCH (i:Item)
  WHERE i.due <= timestamp()
  RETURN timestamp() - i.due AS items
  ORDER BY i.due LIMIT 1
}
RETURN users, items
