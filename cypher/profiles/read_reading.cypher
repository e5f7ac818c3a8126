// Purpose: a user's latest events, newest first, each with the interests its item is about and who extracted them.
// Access: read
// Parameters: user_id STRING, count INTEGER
// Returns: event_id STRING, kind STRING, value FLOAT, at STRING, item_id STRING, title STRING, about LIST<MAP>
// Index: user_id (constraint)
MATCH (:User {user_id: $user_id})-[b]->(i:Item)
WITH b, i
ORDER BY b.at IS NULL, b.at DESC, b.event_id
LIMIT $count
CALL (i) {
  MATCH (i)-[a:ABOUT]->(n:Interest)
  WITH a, n
  ORDER BY a.weight DESC, n.name
  RETURN collect({name: n.name, weight: a.weight, by: a.extracted_by}) AS about
}
RETURN b.event_id AS event_id, type(b) AS kind, b.value AS value, toString(b.at) AS at, i.item_id AS item_id, i.title AS title,
       about
ORDER BY b.at IS NULL, b.at DESC, event_id
