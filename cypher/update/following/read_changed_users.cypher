// Purpose: users that changed after a number of the feed, in order.
// Access: read
// Parameters: seq INTEGER, count INTEGER
// Returns: user_id STRING, seq INTEGER
// Index: user_changed
MATCH (u:User)
WHERE u.changed_seq > $seq
RETURN u.user_id AS user_id, u.changed_seq AS seq
ORDER BY seq
LIMIT $count
