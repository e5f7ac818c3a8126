// Purpose: record the descriptions of items that were read, so that later ones are recognised.
// rows: maps of item_id and row_hash.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
SET i.read_hash = row.row_hash
