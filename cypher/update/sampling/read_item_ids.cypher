// Purpose: all items.
// Access: read
// Parameters: none
// Returns: item_id STRING
// Index: none
// Scan: a full run is about every item.
MATCH (i:Item)
RETURN i.item_id AS item_id
ORDER BY item_id
