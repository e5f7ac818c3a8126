// Purpose: store the descriptions of items. Items with the same description are not changed; the others are marked as
// due (see touch_nodes).
// Access: write
// Parameters: rows LIST<MAP>
// Returns: item_id STRING, before STRING
// Index: item_id (constraint)
UNWIND $rows AS row
MERGE (i:Item {item_id: row.item_id})
ON CREATE SET i.is_new = true
WITH i, row, i.row_hash AS before
WHERE before IS NULL OR before <> row.row_hash
SET i.row_hash = row.row_hash, i.described = true, i.touched_at = datetime.realtime(),
    i.version = coalesce(i.version, 0) + 1,
    i.due = CASE WHEN i.lease IS NULL AND coalesce(i.due, timestamp()) >= timestamp() THEN timestamp() ELSE i.due END,
    i.title = row.title, i.description = row.description, i.kind = row.kind, i.image = row.image, i.audio = row.audio,
    i.published_at = CASE WHEN row.published_at IS NULL THEN null ELSE datetime({epochMillis: row.published_at}) END
RETURN i.item_id AS item_id, before
