// Purpose: items with a mark that is due have changed for everybody: they get the next number of the feed, and lose the mark.
// The number is given under a lock that is held until the end, so that whoever saw a number has seen all that is below it.
// Access: write
// Parameters: count INTEGER
// Returns: seq INTEGER, items INTEGER
// Index: item_due, feed_name (constraint)
MERGE (f:Feed {name: 'changes'})
SET f.seq = coalesce(f.seq, 0) + 1
WITH f.seq AS seq
CALL (seq) {
  MATCH (i:Item)
  WHERE i.due <= timestamp()
  WITH i ORDER BY i.due LIMIT $count
  SET i.changed_seq = seq
  REMOVE i.due
  RETURN count(*) AS items
}
RETURN seq, items
