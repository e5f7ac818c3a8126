// Purpose: clear marks that are older than a time, because stages did that work since then. Run it outside a
// transaction.
// before: milliseconds since 1970.
// Access: write
// Parameters: before INTEGER
// Returns: nothing
// Index: user_due, user_idle_due, item_due
CALL () {
  MATCH (u:User) WHERE u.due < $before AND u.lease IS NULL
  RETURN u AS n
UNION ALL
  MATCH (u:User) WHERE u.idle_due < $before
  RETURN u AS n
UNION ALL
  MATCH (i:Item) WHERE i.due < $before AND i.lease IS NULL
  RETURN i AS n
}
CALL (n) {
  SET n.due = CASE WHEN n.due < $before THEN null ELSE n.due END,
      n.idle_due = CASE WHEN n.idle_due < $before THEN null ELSE n.idle_due END
} IN TRANSACTIONS OF 10000 ROWS
