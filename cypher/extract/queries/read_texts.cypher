// Purpose: what all queries are, to find those with a word in common with some items.
// Access: read
// Parameters: none
// Returns: text STRING
// Index: none
// Scan: every query is read.
MATCH (q:Query)
RETURN q.text AS text
ORDER BY text
