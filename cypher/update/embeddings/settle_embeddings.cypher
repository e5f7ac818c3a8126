// Purpose: embeddings of the model that is active by now take the place of the old ones; until then a reader takes the one
// whose version is that of the active model. One that the active model has written since stays, as it is newer.
// all: the active model embedded every node of which it knows something; what others left goes.
// Run it outside a transaction.
// Access: write
// Parameters: version STRING, all BOOLEAN
// Returns: nothing
// Index: none
// Scan: every node has been embedded anew.
MATCH (n:User|Item)
WHERE n.next_version IS NOT NULL OR ($all AND n.embedding_version <> $version)
CALL (n) {
  WITH n, n.next_embedding AS vector, coalesce(n.embedding_version, '') = $version AS newer,
       coalesce(n.next_version, '') = $version AS ready
  REMOVE n.next_embedding, n.next_version
  FOREACH (_ IN CASE WHEN $all AND NOT newer AND NOT ready THEN [1] ELSE [] END |
    REMOVE n.embedding, n.embedding_version, n.embedded_at)
  WITH n, vector, newer, ready
  WHERE ready AND NOT newer
  CALL db.create.setNodeVectorProperty(n, 'embedding', vector)
  SET n.embedding_version = $version, n.embedded_at = datetime()
} IN TRANSACTIONS OF 2000 ROWS
