// Purpose: delete the relationships of this type that earlier runs wrote. Run it outside a transaction.
// Access: write
// Parameters: run STRING
// Returns: nothing
// Index: none
MATCH ()-[s:FOLLOWED_BY]->()
WHERE s.run IS NULL OR s.run <> $run
CALL (s) {
  DELETE s
} IN TRANSACTIONS OF 10000 ROWS
