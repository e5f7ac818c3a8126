// Purpose: mark users and items that changed since a time and have no mark: they were updated with a model that is no
// longer active.
// Access: write
// Parameters: since DATETIME
// Returns: marked INTEGER
// Index: user_touched_at, item_touched_at
CALL () {
  MATCH (u:User) WHERE u.touched_at >= $since
  RETURN u AS n
UNION ALL
  MATCH (i:Item) WHERE i.touched_at >= $since
  RETURN i AS n
}
WITH n WHERE n.due IS NULL
SET n.due = timestamp()
RETURN count(*) AS marked
