// Purpose: the batched loop that stores vectors under the vector index, and does nothing else: a floor of extract.
// Parameters: rows LIST<MAP>
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
CALL db.create.setNodeVectorProperty(i, 'content_embedding', row.embedding)
