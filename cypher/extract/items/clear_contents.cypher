// Purpose: forget what items and interests are about as an encoder has it, for another encoder to read all items anew.
// Access: write
// Parameters: none
// Returns: nothing
// Index: none
// Scan: every item and interest is wanted
MATCH (n:Item|Interest)
CALL (n) {
  REMOVE n.content_embedding, n.content_hash, n.encoder
  FOREACH (_ IN CASE WHEN n:Interest THEN [1] ELSE [] END | REMOVE n.embedding)
} IN TRANSACTIONS OF 10000 ROWS
