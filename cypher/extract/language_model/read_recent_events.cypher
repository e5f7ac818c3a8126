// Purpose: for some users the number of events and searches, and the latest ones, newest first, those without a time
// last, with the first `letters` letters of their texts. A search has no item.
// Access: read
// Parameters: user_ids LIST<STRING>, count INTEGER, letters INTEGER
// Returns: user_id STRING, events INTEGER, latest LIST<MAP>
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (u:User {user_id: user_id})
CALL (u) {
  MATCH (u)-[b]->(i:Item|Query)
  WITH b, i
  ORDER BY b.at IS NULL, b.at DESC, b.event_id
  LIMIT $count
  RETURN collect({event_id: b.event_id, item_id: i.item_id, type: type(b), value: b.value, at: b.at,
                  text: left(b.text, $letters)}) AS latest
}
RETURN user_id, COUNT { (u)-->(:Item|Query) } AS events, latest
ORDER BY user_id
