// Purpose: delete every node that the stages write, with all relationships. Constraints, indexes and the schema version
// stay. In batches, so that a large graph fits in memory: run it outside a managed transaction.
// Access: write
// Parameters: none
// Returns: nothing
// Index: none
// Scan: everything goes, so everything has to be read.
MATCH (n:User|Item|Attribute|Interest|Query|Alias|Model|Run|ApiKey|Session|Feed|Lease)
CALL (n) {
  DETACH DELETE n
} IN TRANSACTIONS OF 10000 ROWS
