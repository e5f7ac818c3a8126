// Purpose: wait until all indexes are online.
// Access: read
// Parameters: seconds INTEGER
// Returns: nothing
// Index: none
CALL db.awaitIndexes($seconds)
