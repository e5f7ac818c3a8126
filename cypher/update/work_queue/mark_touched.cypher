// Purpose: mark users and items that were touched since a moment and have no mark: a follower brought them up to date by a
// model that is the active one no more.
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
