// Purpose: store content vectors of items, and the name of their encoder.
// Access: write
// Parameters: rows LIST<MAP>, encoder STRING
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
CALL db.create.setNodeVectorProperty(i, 'content_embedding', row.embedding)
SET i.encoder = $encoder
