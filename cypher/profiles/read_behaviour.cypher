// Purpose: a user's latest events, newest first, undated ones last. A search has no item: its text is what was typed.
// Access: read
// Parameters: user_id STRING, count INTEGER
// Returns: event_id STRING, item_id STRING, title STRING, type STRING, at STRING, value FLOAT, text STRING
// Index: user_id (constraint)
MATCH (:User {user_id: $user_id})-[b]->(i:Item|Query)
WITH b, i, coalesce(b.at, datetime({year: 1})) AS moment
ORDER BY moment DESC, b.event_id
LIMIT $count
RETURN b.event_id AS event_id, i.item_id AS item_id, i.title AS title, type(b) AS type, toString(b.at) AS at, b.value AS value,
       b.text AS text
ORDER BY moment DESC, b.event_id
