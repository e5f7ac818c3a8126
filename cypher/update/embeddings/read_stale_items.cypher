// Purpose: items touched since a time, without an embedding, or with one of another model than `version`.
// Access: read
// Parameters: since DATETIME, version STRING
// Returns: item_id STRING
// Index: item_touched_at
// Scan: an embedding of another model has to be found wherever it is, or a run that was stopped half-way would leave it.
MATCH (i:Item)
WHERE i.touched_at >= $since OR i.embedding IS NULL OR i.embedding_version <> $version
RETURN i.item_id AS item_id
ORDER BY item_id
