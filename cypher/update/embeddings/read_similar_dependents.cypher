// Purpose: items that have one of these items among their most similar, nearest first; their embeddings depend on these
// items.
// Access: read
// Parameters: item_ids LIST<STRING>, bound INTEGER
// Returns: item_id STRING
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (:Item {item_id: item_id})<-[s:SIMILAR_TO]-(j:Item)
WITH j, max(s.score) AS nearest
ORDER BY nearest DESC, j.item_id
LIMIT $bound
RETURN j.item_id AS item_id
