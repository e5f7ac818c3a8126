// Purpose: store embeddings of items by a model, if it is still the active one.
// Access: write
// Parameters: rows LIST<MAP>, version STRING
// Returns: nothing
// Index: item_id (constraint), model_version (constraint)
MATCH (m:Model {version: $version})
WHERE m.active
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
CALL db.create.setNodeVectorProperty(i, 'embedding', row.embedding)
SET i.embedding_version = $version, i.embedded_at = datetime.realtime()
