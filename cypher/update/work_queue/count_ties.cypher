// Purpose: how many ties there are: a look into the count store.
// Access: read
// Parameters: none
// Returns: ties INTEGER
// Index: none
MATCH ()-[f:FOLLOWS]->()
RETURN count(f) AS ties
