// Purpose: clear the marks of due items and give them the next number of the feed. The items are locked before the
// feed, as everywhere. The feed is locked until the end of the transaction, so that a reader of a number has seen all
// changes with lower numbers.
// Access: write
// Parameters: count INTEGER
// Returns: seq INTEGER, items INTEGER
// Index: item_due, feed_name, lock_key (constraints)
CALL () {
  MATCH (i:Item)
  WHERE i.due <= timestamp()
  WITH i ORDER BY i.due LIMIT $count
  WITH i ORDER BY i.item_id
  CREATE (l:Lock {key: 'Item ' + i.item_id})
  DELETE l
  WITH i WHERE i.due <= timestamp()
  REMOVE i.due
  RETURN collect(i) AS items
}
MERGE (f:Feed {name: 'changes'})
SET f.seq = coalesce(f.seq, 0) + 1
WITH items, f.seq AS seq
FOREACH (i IN items | SET i.changed_seq = seq)
RETURN seq, size(items) AS items
