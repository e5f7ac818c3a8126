// Purpose: the model whose embeddings are served.
// Access: read
// Parameters: none
// Returns: version STRING, family STRING, trained_at STRING, dimension INTEGER, metrics STRING
// Index: none
// Scan: there is one node per training run
MATCH (m:Model)
WHERE m.active = true
RETURN m.version AS version, m.family AS family, toString(m.trained_at) AS trained_at, m.dimension AS dimension,
       m.metrics AS metrics
ORDER BY m.trained_at DESC
LIMIT 1
