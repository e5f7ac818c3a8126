// Purpose: how many nodes of each label and relationships of each type there are, from the store's own counters.
// Access: read
// Parameters: none
// Returns: data MAP
// Index: none
CALL db.stats.retrieve('GRAPH COUNTS') YIELD data
RETURN data
LIMIT 1
