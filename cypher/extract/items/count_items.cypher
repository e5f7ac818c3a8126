// Purpose: the number of items.
// Access: read
// Parameters: none
// Returns: items INTEGER
// Index: none
// Scan: the number comes from the count store.
MATCH (i:Item)
RETURN count(i) AS items
