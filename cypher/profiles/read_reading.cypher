// Purpose: a user's latest events and searches, newest first, each with its text, the interests that its item or search
// is about and who extracted them, and what its text mentions.
// Access: read
// Parameters: user_id STRING, count INTEGER, letters INTEGER
// Returns: event_id STRING, kind STRING, value FLOAT, at STRING, item_id STRING, title STRING, text STRING, about LIST<MAP>, mentioned LIST<MAP>
// Index: user_id (constraint)
MATCH (u:User {user_id: $user_id})-[b]->(i:Item|Query)
WITH u, b, i
ORDER BY b.at IS NULL, b.at DESC, b.event_id
LIMIT $count
CALL (i) {
  MATCH (i)-[a:ABOUT]->(n:Interest)
  WITH a, n
  ORDER BY a.weight DESC, n.name
  RETURN collect({name: n.name, weight: a.weight, by: a.extracted_by}) AS about
}
CALL (u, b) {
  MATCH (u)-[m:MENTIONED]->(n:Interest)
  WHERE m.event_id = b.event_id
  WITH m, n
  ORDER BY abs(m.weight) DESC, n.name
  RETURN collect({name: n.name, weight: m.weight, by: m.extracted_by}) AS mentioned
}
RETURN b.event_id AS event_id, type(b) AS kind, b.value AS value, toString(b.at) AS at, i.item_id AS item_id, i.title AS title,
       left(b.text, $letters) AS text, about, mentioned
ORDER BY b.at IS NULL, b.at DESC, event_id
