// Purpose: how wide the vectors are that the index of items' contents holds.
// Access: read
// Parameters: none
// Returns: options MAP
// Index: none
SHOW VECTOR INDEXES YIELD name, options
WHERE name = 'item_content'
RETURN options
