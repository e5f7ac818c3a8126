// Purpose: have all queries read again.
// Access: write
// Parameters: none
// Returns: nothing
// Index: none
// Scan: every query is written.
MATCH (q:Query)
CALL (q) {
  REMOVE q.read_by
} IN TRANSACTIONS OF 1000 ROWS
