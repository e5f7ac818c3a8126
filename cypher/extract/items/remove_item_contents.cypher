// Purpose: delete the content vectors of items that have no text any more.
// Access: write
// Parameters: item_ids LIST<STRING>
// Returns: nothing
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
REMOVE i.content_embedding, i.encoder
