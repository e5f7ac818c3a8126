// Purpose: store embeddings of items by a model that is not active yet, beside the served ones.
// Access: write
// Parameters: rows LIST<MAP>, version STRING
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
SET i.next_embedding = row.embedding, i.next_version = $version
