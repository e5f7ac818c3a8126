// Purpose: the number of events of one type of behaviour on each day that has some, and the latest of each day, in days
// since 1970: the graph's clock is made of them (graphstore/clock.py).
// Access: read
// Parameters: none
// Returns: events INTEGER, latest FLOAT
// Index: none
// Scan: the planner estimates one row for a type that it does not know; `at` has no index.
MATCH (:User)-[b:BEHAVIOUR]->(:Item|Query)
WHERE b.at IS NOT NULL
WITH toInteger(b.at.epochMillis / 86400000) AS number, count(*) AS events, max(b.at.epochMillis) AS latest
RETURN events, latest / 86400000.0 AS latest
