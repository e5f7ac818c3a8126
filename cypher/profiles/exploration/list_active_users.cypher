// Purpose: the users with most events among those active last.
// Access: read
// Parameters: count INTEGER
// Returns: user_id STRING, events INTEGER
// Index: user_touched_at
MATCH (u:User)
WHERE u.touched_at IS NOT NULL
WITH u ORDER BY u.touched_at DESC LIMIT 500
WITH u, COUNT { (u)-->(:Item) } AS events
RETURN u.user_id AS user_id, events
ORDER BY events DESC, user_id
LIMIT $count
