// Purpose: delete the content vectors and hashes of items and interests, so that another encoder can read all items.
// Only as long as the lease is held (see leases/check_lease). Run it outside a transaction.
// Access: write
// Parameters: lease STRING
// Returns: nothing
// Index: lease_holder (constraint)
// Scan: every item and interest is changed
MATCH (n:Item|Interest)
CALL (n) {
  MATCH (l:Lease {holder: $lease})
  SET l.checked_at = timestamp()
  REMOVE n.content_embedding, n.content_hash, n.encoder
  FOREACH (_ IN CASE WHEN n:Interest THEN [1] ELSE [] END | REMOVE n.embedding)
} IN TRANSACTIONS OF 10000 ROWS
