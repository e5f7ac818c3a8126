// Purpose: give the next number of the feed to items whose relationships to other items were written. Their own data is
// the same, so their version stays. The items are locked before the feed, as everywhere. The feed is locked until the
// end of the transaction, so that a reader of a number has seen all changes with lower numbers.
// Access: write
// Parameters: item_ids LIST<STRING>
// Returns: seq INTEGER
// Index: item_id (constraint), feed_name (constraint)
MERGE (f:Feed {name: 'changes'})
SET f.seq = coalesce(f.seq, 0) + 1
WITH f.seq AS seq
CALL (seq) {
  UNWIND $item_ids AS item_id
  MATCH (i:Item {item_id: item_id})
  SET i.changed_seq = seq, i.linked_seq = seq
}
RETURN seq
