// Purpose: how many items there are.
// Access: read
// Parameters: none
// Returns: items INTEGER
// Index: none
// Scan: answered from the count store, without a scan.
MATCH (i:Item)
RETURN count(i) AS items
