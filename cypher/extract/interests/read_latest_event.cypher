// Purpose: time of the latest event of one behaviour type; every decay is measured back from the latest of all.
// Access: read
// Parameters: none
// Returns: latest DATETIME
// Index: none
// Scan: the planner estimates one row for an aggregate over all relationships of the type; there is no index on at.
MATCH (:User)-[b:BEHAVIOUR]->(:Item)
RETURN max(b.at) AS latest
