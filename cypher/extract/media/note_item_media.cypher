// Purpose: record that images or sounds were checked and have the content that was read before.
// rows: maps of item_id and read.  read: the property's name.
// Access: write
// Parameters: rows LIST<MAP>, read STRING
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
SET i[$read] = row.read
