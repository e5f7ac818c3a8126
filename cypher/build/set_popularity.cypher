// Purpose: set the popularity of items, the logarithm of their decayed count; null takes it away.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
WHERE i.popularity IS NULL OR row.popularity IS NULL OR i.popularity <> row.popularity
SET i.popularity = row.popularity
