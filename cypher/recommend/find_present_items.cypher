// Purpose: items that existed at a moment: published by then or chosen by somebody by then. An item without a date of
// publication and without any dated event counts as existing.
// Access: read
// Parameters: item_ids LIST<STRING>, at DATETIME
// Returns: item_id STRING
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
WHERE i.published_at <= $at
   OR EXISTS { (i)<-[b]-(:User) WHERE b.at <= $at }
   OR (i.published_at IS NULL AND NOT EXISTS { (i)<-[b]-(:User) WHERE b.at IS NOT NULL })
RETURN i.item_id AS item_id
