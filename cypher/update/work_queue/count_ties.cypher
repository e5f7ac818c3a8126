// Purpose: the number of ties, from the count store.
// Access: read
// Parameters: none
// Returns: ties INTEGER
// Index: none
MATCH ()-[f:FOLLOWS]->()
RETURN count(f) AS ties
