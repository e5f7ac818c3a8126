// Purpose: the embeddings of all items by this model, served or written ahead (see activate_model).
// Access: read
// Parameters: version STRING
// Returns: item_id STRING, embedding LIST<FLOAT>
// Index: none
// Scan: all embeddings are read once into memory.
MATCH (i:Item)
WITH i.item_id AS item_id, CASE $version WHEN i.embedding_version THEN i.embedding WHEN i.next_version THEN i.next_embedding END AS embedding
WHERE embedding IS NOT NULL
RETURN item_id, embedding
