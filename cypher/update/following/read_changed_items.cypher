// Purpose: items that changed after a number of the feed, in order, with their embedding by this model (null for none).
// Access: read
// Parameters: seq INTEGER, version STRING
// Returns: item_id STRING, seq INTEGER, embedding LIST<FLOAT>
// Index: item_changed
MATCH (i:Item)
WHERE i.changed_seq > $seq
RETURN i.item_id AS item_id, i.changed_seq AS seq,
       CASE $version WHEN i.embedding_version THEN i.embedding WHEN i.next_version THEN i.next_embedding END AS embedding
ORDER BY seq
