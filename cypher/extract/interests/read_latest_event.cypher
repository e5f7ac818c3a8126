// Purpose: the time of the latest event of one type of behaviour. Ages are measured from the latest of all types.
// Access: read
// Parameters: none
// Returns: latest DATETIME
// Index: none
// Scan: the planner estimates one row for an aggregate over all relationships of the type; `at` has no index.
MATCH (:User)-[b:BEHAVIOUR]->(:Item)
RETURN max(b.at) AS latest
