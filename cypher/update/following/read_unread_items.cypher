// Purpose: items that changed after a number of the feed and whose present description was not read yet.
// Access: read
// Parameters: seq INTEGER
// Returns: item_id STRING
// Index: item_changed
MATCH (i:Item)
WHERE i.changed_seq > $seq AND i.row_hash IS NOT NULL AND (i.read_hash IS NULL OR i.read_hash <> i.row_hash)
RETURN i.item_id AS item_id
ORDER BY item_id
