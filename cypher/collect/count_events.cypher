// Purpose: how many events of one type of behaviour are stored: a look into the count store, in constant time.
// BEHAVIOUR stands for the relationship type.
// Access: read
// Parameters: none
// Returns: events INTEGER
// Index: none
MATCH ()-[r:BEHAVIOUR]->()
RETURN count(r) AS events
