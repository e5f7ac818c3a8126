// Purpose: the items that have some items among their most similar, by target.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: target STRING, sources LIST<STRING>
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (b:Item {item_id: item_id})
CALL (b) {
  MATCH (a:Item)-[s:SIMILAR_TO]->(b)
  RETURN collect(a.item_id) AS sources
}
RETURN item_id AS target, sources
