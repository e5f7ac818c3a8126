// Purpose: record that the embeddings of items were computed again and found to be as they are stored.
// Access: write
// Parameters: item_ids LIST<STRING>
// Returns: nothing
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
WHERE i.embedded_at IS NOT NULL
SET i.embedded_at = datetime.realtime()
