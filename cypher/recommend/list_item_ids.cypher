// Purpose: the ids of all items in one row, to find those in memory that were erased.
// Access: read
// Parameters: none
// Returns: item_ids LIST<STRING>
// Index: item_id (constraint)
MATCH (i:Item)
WHERE i.item_id >= ''
RETURN collect(i.item_id) AS item_ids
