// Purpose: delete the vectors of items whose image or sound was deleted or changed. The items are marked as due (see
// touch_nodes).
// vector, read: the names of the two properties.
// Access: write
// Parameters: item_ids LIST<STRING>, vector STRING, read STRING
// Returns: nothing
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
REMOVE i[$vector], i[$read]
SET i.touched_at = datetime.realtime(), i.version = coalesce(i.version, 0) + 1,
    i.due = CASE WHEN i.lease IS NULL AND coalesce(i.due, timestamp()) >= timestamp() THEN timestamp() ELSE i.due END
