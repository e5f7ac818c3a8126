// Purpose: the queries that an encoder and a vocabulary, named by `by`, have not read.
// Access: read
// Parameters: by STRING
// Returns: text STRING
// Index: none
// Scan: every query has to be compared.
MATCH (q:Query)
WHERE coalesce(q.read_by, '') <> $by
RETURN q.text AS text
ORDER BY text
