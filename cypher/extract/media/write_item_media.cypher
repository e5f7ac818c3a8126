// Purpose: embeddings of items' images or sounds, and what was read; such an item is another one now, and gets a mark (see
// touch_nodes).
// rows: maps of item_id, embedding and read.  vector, read: the two properties' names.
// Access: write
// Parameters: rows LIST<MAP>, vector STRING, read STRING
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
CALL db.create.setNodeVectorProperty(i, $vector, row.embedding)
SET i[$read] = row.read, i.touched_at = datetime.realtime(), i.version = coalesce(i.version, 0) + 1,
    i.due = CASE WHEN i.lease IS NULL AND coalesce(i.due, timestamp()) >= timestamp() THEN timestamp() ELSE i.due END
