// Purpose: items whose relationships to other items were written get the next number of the feed; they are what they were, so
// their version stays. They are locked already, as nodes are before the feed, everywhere. The number is given under a lock
// that is held until the end, so that whoever saw a number has seen all that is below it.
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
