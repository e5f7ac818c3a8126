// Purpose: embeddings of items with their model version.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: item_id STRING, embedding LIST<FLOAT>, version STRING
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
RETURN i.item_id AS item_id, i.embedding AS embedding, i.embedding_version AS version
