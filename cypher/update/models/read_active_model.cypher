// Purpose: the active model, whose embeddings are served. readable: its blend is there as lists, which Cypher can read.
// Access: read
// Parameters: none
// Returns: version STRING, family STRING, trained_at STRING, configuration STRING, metrics STRING, dimension INTEGER, readable BOOLEAN
// Index: none
// Scan: there are few models.
MATCH (m:Model {active: true})
RETURN m.version AS version, m.family AS family, toString(m.trained_at) AS trained_at,
       m.configuration AS configuration, m.metrics AS metrics, m.dimension AS dimension,
       m.signals IS NOT NULL AS readable
ORDER BY m.trained_at DESC
LIMIT 1
