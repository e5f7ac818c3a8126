// Stale embeddings
// Purpose: users and items whose embedding is missing, older than their last change, or of another model than the
// active one; the oldest first.
// In Neo4j Browser, first:  :param k => 50
// Access: read
// Parameters: k INTEGER
// Returns: node NODE, id STRING, touched_at DATETIME, embedded_at DATETIME, why STRING
// Index: none
// Scan: every node is checked.
CALL () { MATCH (m:Model) WHERE m.active RETURN max(m.version) AS version }
CALL (version) {
  MATCH (n:User)
  WHERE n.embedded_at IS NULL OR n.embedded_at < n.touched_at OR n.embedding_version <> version
  RETURN n, n.user_id AS id
UNION ALL
  MATCH (n:Item)
  WHERE n.embedded_at IS NULL OR n.embedded_at < n.touched_at OR n.embedding_version <> version
  RETURN n, n.item_id AS id
}
RETURN n AS node, id, n.touched_at AS touched_at, n.embedded_at AS embedded_at,
       CASE WHEN n.embedded_at IS NULL THEN 'missing'
            WHEN n.embedding_version <> version THEN 'of model ' + n.embedding_version
            ELSE 'older than the last change' END AS why
ORDER BY touched_at, id
LIMIT toInteger($k)
