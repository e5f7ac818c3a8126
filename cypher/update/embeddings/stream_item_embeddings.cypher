// Purpose: the embeddings of all items that have one of this model, ready or being written (see activate_model).
// Access: read
// Parameters: version STRING
// Returns: item_id STRING, embedding LIST<FLOAT>
// Index: none
// Scan: whoever holds them in memory reads them all once.
MATCH (i:Item)
WITH i.item_id AS item_id, CASE $version WHEN i.embedding_version THEN i.embedding WHEN i.next_version THEN i.next_embedding END AS embedding
WHERE embedding IS NOT NULL
RETURN item_id, embedding
