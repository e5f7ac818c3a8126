// Purpose: items that changed since a time, without an embedding, or with one of another model than `version`.
// Access: read
// Parameters: since DATETIME, version STRING
// Returns: item_id STRING
// Index: item_touched_at
// Scan: embeddings of other models have to be found everywhere, also those that an interrupted run left.
MATCH (i:Item)
WHERE i.touched_at >= $since OR i.embedding IS NULL OR i.embedding_version <> $version
RETURN i.item_id AS item_id
ORDER BY item_id
