// Purpose: replace the served embeddings by those that were written ahead (`next_embedding`) for the model that is
// active now. Until then a reader takes the embedding whose version is the active model's. An embedding that the active
// model wrote later stays. Only as long as the lease is held (see leases/check_lease). Run it outside a transaction.
// all: the active model embedded every node with data; embeddings of other models are deleted.
// Access: write
// Parameters: version STRING, all BOOLEAN, lease STRING
// Returns: nothing
// Index: lease_holder (constraint)
// Scan: every node has a new embedding.
MATCH (n:User|Item)
WHERE n.next_version IS NOT NULL OR ($all AND n.embedding_version <> $version)
CALL (n) {
  MATCH (l:Lease {holder: $lease})
  SET l.checked_at = timestamp()
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
