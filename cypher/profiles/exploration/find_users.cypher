// Purpose: users whose id starts with a prefix, in order of id.
// Access: read
// Parameters: prefix STRING, count INTEGER
// Returns: user_id STRING, events INTEGER
// Index: user_id (constraint)
MATCH (u:User)
WHERE u.user_id STARTS WITH $prefix
WITH u ORDER BY u.user_id LIMIT $count
RETURN u.user_id AS user_id, COUNT { (u)-->(:Item) } AS events
ORDER BY user_id
