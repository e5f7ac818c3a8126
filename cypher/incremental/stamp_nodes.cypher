// Purpose: give a new version and the next number of the feed to items and users whose neighbourhood was written. The
// nodes are locked before the feed, as everywhere. The feed is locked until the end of the transaction, so that a
// reader of a number has seen all changes with lower numbers.
// Access: write
// Parameters: item_ids LIST<STRING>, user_ids LIST<STRING>
// Returns: seq INTEGER
// Index: item_id (constraint), user_id (constraint), feed_name (constraint)
CALL () {
  UNWIND $item_ids AS item_id
  MATCH (i:Item {item_id: item_id})
  SET i.version = coalesce(i.version, 0) + 1
  RETURN collect(i) AS items
}
CALL () {
  UNWIND $user_ids AS user_id
  MATCH (u:User {user_id: user_id})
  SET u.version = coalesce(u.version, 0) + 1, u.changes = null
  RETURN collect(u) AS users
}
MERGE (f:Feed {name: 'changes'})
SET f.seq = coalesce(f.seq, 0) + 1
WITH items + users AS nodes, f.seq AS seq
FOREACH (n IN nodes | SET n.changed_seq = seq)
RETURN seq
