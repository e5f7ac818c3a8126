// Purpose: record that the embeddings of items were computed again and found to be as they are stored, where
// they are older than the last change.
// Access: write
// Parameters: item_ids LIST<STRING>
// Returns: nothing
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
WHERE i.embedded_at < i.touched_at
SET i.embedded_at = datetime.realtime()
