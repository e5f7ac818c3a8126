// Purpose: items that changed after a number of the feed, whose present description was read, and that have no embedding:
// another program read them, such as `extract`.
// Access: read
// Parameters: seq INTEGER
// Returns: item_id STRING
// Index: item_changed
MATCH (i:Item)
WHERE i.changed_seq > $seq AND i.read_hash = i.row_hash AND i.embedding IS NULL
RETURN i.item_id AS item_id
ORDER BY item_id
