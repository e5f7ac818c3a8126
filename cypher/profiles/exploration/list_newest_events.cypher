// Purpose: the newest events of the users active last.
// Access: read
// Parameters: count INTEGER
// Returns: user_id STRING, type STRING, item_id STRING, title STRING, at STRING, value FLOAT
// Index: user_touched_at
MATCH (u:User)
WHERE u.touched_at IS NOT NULL
WITH u ORDER BY u.touched_at DESC LIMIT 200
MATCH (u)-[b]->(i:Item)
WHERE b.at IS NOT NULL
WITH u, b, i ORDER BY b.at DESC, b.event_id LIMIT $count
RETURN u.user_id AS user_id, type(b) AS type, i.item_id AS item_id, i.title AS title, toString(b.at) AS at,
       b.value AS value
ORDER BY at DESC, user_id, item_id
