// Purpose: store vectors of items' images or sounds, and the source that was read. The items are marked as due (see
// touch_nodes).
// rows: maps of item_id, embedding and read.  vector, read: the names of the two properties.
// Access: write
// Parameters: rows LIST<MAP>, vector STRING, read STRING
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
CALL db.create.setNodeVectorProperty(i, $vector, row.embedding)
SET i[$read] = row.read, i.touched_at = datetime.realtime(), i.version = coalesce(i.version, 0) + 1,
    i.due = CASE WHEN i.lease IS NULL AND coalesce(i.due, timestamp()) >= timestamp() THEN timestamp() ELSE i.due END
