// Purpose: store embeddings of items, with the version of their model and the time.
// Access: write
// Parameters: rows LIST<MAP>, version STRING
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
CALL db.create.setNodeVectorProperty(i, 'embedding', row.embedding)
SET i.embedding_version = $version, i.embedded_at = datetime()
