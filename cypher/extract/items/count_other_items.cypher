// Purpose: the number of items other than some, and the number of events.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: other_items INTEGER, events INTEGER
// Index: item_id (constraint)
// Scan: a demo counts every item once at its start.
CALL () {
  UNWIND $item_ids AS item_id
  MATCH (i:Item {item_id: item_id})
  RETURN count(i) AS known
}
CALL () {
  MATCH (i:Item)
  RETURN count(i) AS items
}
CALL () {
  MATCH (:User)-[b]->(i:Item)
  RETURN count(b) AS events
}
RETURN items - known AS other_items, events
