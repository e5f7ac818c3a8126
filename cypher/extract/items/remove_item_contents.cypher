// Purpose: items whose text was taken away lose their content embedding.
// Access: write
// Parameters: item_ids LIST<STRING>
// Returns: nothing
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
REMOVE i.content_embedding, i.encoder
