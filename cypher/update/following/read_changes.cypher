// Purpose: what followers changed after a number of the feed: users with the interests that opened and closed, and items, in
// the order of the change. Those with the last number that is returned may not be all of that number where `count` cut them.
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
