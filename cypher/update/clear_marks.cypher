// Purpose: what was marked before a moment has been done by the stages since; run it outside a transaction.
// before: milliseconds since 1970.
// Access: write
// Parameters: before INTEGER
// Returns: nothing
// Index: user_due, item_due
CALL () {
  MATCH (u:User) WHERE u.due < $before AND u.lease IS NULL
  RETURN u AS n
UNION ALL
  MATCH (i:Item) WHERE i.due < $before AND i.lease IS NULL
  RETURN i AS n
}
CALL (n) {
  REMOVE n.due
} IN TRANSACTIONS OF 10000 ROWS
