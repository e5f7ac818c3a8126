// Purpose: the ids of all items, in order.
// Access: read
// Parameters: none
// Returns: item_id STRING
// Index: item_id (constraint)
MATCH (i:Item)
WHERE i.item_id >= ''
RETURN i.item_id AS item_id
ORDER BY item_id
