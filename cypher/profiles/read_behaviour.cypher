// Purpose: a user's latest events, newest first, undated ones last.
// Access: read
// Parameters: user_id STRING, count INTEGER
// Returns: item_id STRING, title STRING, type STRING, at STRING, value FLOAT
// Index: user_id (constraint)
MATCH (:User {user_id: $user_id})-[b]->(i:Item)
WITH b, i, coalesce(b.at, datetime({year: 1})) AS moment
ORDER BY moment DESC, b.event_id
LIMIT $count
RETURN i.item_id AS item_id, i.title AS title, type(b) AS type, toString(b.at) AS at, b.value AS value
ORDER BY moment DESC, b.event_id
