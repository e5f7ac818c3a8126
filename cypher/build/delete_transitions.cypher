// Purpose: delete what earlier builds left of this relationship; run it outside a transaction.
// Access: write
// Parameters: run STRING
// Returns: nothing
// Index: none
MATCH ()-[s:FOLLOWED_BY]->()
WHERE s.run IS NULL OR s.run <> $run
CALL (s) {
  DELETE s
} IN TRANSACTIONS OF 10000 ROWS
