// Purpose: let the planner count anew and forget its plans, after a bulk load or an erasure.
// Access: read
// Parameters: none
// Returns: nothing
// Index: none
CALL db.prepareForReplanning()
