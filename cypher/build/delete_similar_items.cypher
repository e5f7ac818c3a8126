// Purpose: delete the relationships of this type that earlier runs wrote, as long as the lease is held (see
// leases/check_lease). Run it outside a transaction.
// Access: write
// Parameters: run STRING, lease STRING
// Returns: nothing
// Index: lease_holder (constraint)
MATCH ()-[s:SIMILAR_TO]->()
WHERE s.run IS NULL OR s.run <> $run
WITH s, startNode(s) AS source
WHERE source:Item
CALL (s) {
  MATCH (l:Lease {holder: $lease})
  SET l.checked_at = timestamp()
  DELETE s
} IN TRANSACTIONS OF 10000 ROWS
