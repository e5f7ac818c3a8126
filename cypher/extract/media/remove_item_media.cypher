// Purpose: items whose image or sound was taken away, or is no longer what was read, lose its embedding; such an item is
// another one now, and gets a mark (see touch_nodes).
// vector, read: the two properties' names.
// Access: write
// Parameters: item_ids LIST<STRING>, vector STRING, read STRING
// Returns: nothing
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
REMOVE i[$vector], i[$read]
SET i.touched_at = datetime.realtime(), i.version = coalesce(i.version, 0) + 1,
    i.due = CASE WHEN i.lease IS NULL AND coalesce(i.due, timestamp()) >= timestamp() THEN timestamp() ELSE i.due END
