// Purpose: for some users the number of events, and the latest ones, newest first, those without a time last.
// Access: read
// Parameters: user_ids LIST<STRING>, count INTEGER
// Returns: user_id STRING, events INTEGER, latest LIST<MAP>
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (u:User {user_id: user_id})
CALL (u) {
  MATCH (u)-[b]->(i:Item)
  WITH b, i
  ORDER BY b.at IS NULL, b.at DESC, b.event_id
  LIMIT $count
  RETURN collect({event_id: b.event_id, item_id: i.item_id, type: type(b), value: b.value, at: b.at}) AS latest
}
RETURN user_id, COUNT { (u)-->(:Item) } AS events, latest
ORDER BY user_id
