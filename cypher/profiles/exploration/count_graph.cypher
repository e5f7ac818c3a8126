// Purpose: counts of nodes by label and of relationships by type, from the counters of the store.
// Access: read
// Parameters: none
// Returns: data MAP
// Index: none
CALL db.stats.retrieve('GRAPH COUNTS') YIELD data
RETURN data
LIMIT 1
