// Purpose: changes after a number of the feed, in order: users with the interests that opened and closed, and items.
// Where `count` cut the list, the last number may be incomplete.
// Access: read
// Parameters: seq INTEGER, count INTEGER
// Returns: seq INTEGER, label STRING, key STRING, title STRING, version INTEGER, changes STRING
// Index: user_changed, item_changed
CALL () {
  MATCH (u:User)
  WHERE u.changed_seq > $seq
  WITH u ORDER BY u.changed_seq LIMIT $count
  RETURN u AS n, 'User' AS label, u.user_id AS key
UNION ALL
  MATCH (i:Item)
  WHERE i.changed_seq > $seq
  WITH i ORDER BY i.changed_seq LIMIT $count
  RETURN i AS n, 'Item' AS label, i.item_id AS key
}
RETURN n.changed_seq AS seq, label, key, n.title AS title, coalesce(n.version, 0) AS version, n.changes AS changes
ORDER BY seq, label DESC, key
