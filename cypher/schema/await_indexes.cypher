// Purpose: wait until every index is online.
// Access: read
// Parameters: seconds INTEGER
// Returns: nothing
// Index: none
CALL db.awaitIndexes($seconds)
