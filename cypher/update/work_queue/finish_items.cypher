// Purpose: items with a mark that is due have changed for everybody: they lose the mark and get the next number of the feed.
// Items are held before the feed, as everywhere. The number is given under a lock that is held until the end, so that
// whoever saw a number has seen all that is below it.
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
