// Purpose: the options of the index of content vectors, with its dimension.
// Access: read
// Parameters: none
// Returns: options MAP
// Index: none
SHOW VECTOR INDEXES YIELD name, options
WHERE name = 'item_content'
RETURN options
