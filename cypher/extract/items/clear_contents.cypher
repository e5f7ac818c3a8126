// Purpose: delete the content vectors and hashes of items and interests, so that another encoder can read all items.
// Run it outside a transaction.
// Access: write
// Parameters: none
// Returns: nothing
// Index: none
// Scan: every item and interest is changed
MATCH (n:Item|Interest)
CALL (n) {
  REMOVE n.content_embedding, n.content_hash, n.encoder
  FOREACH (_ IN CASE WHEN n:Interest THEN [1] ELSE [] END | REMOVE n.embedding)
} IN TRANSACTIONS OF 10000 ROWS
