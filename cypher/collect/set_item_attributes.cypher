// Purpose: replace the attributes of items.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: nothing
// Index: item_id (constraint), attribute_key (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
CALL (i, row) {
  MATCH (i)-[h:HAS_ATTRIBUTE]->(a:Attribute)
  WHERE NOT {kind: a.kind, value: a.value} IN row.attributes
  DELETE h
}
UNWIND row.attributes AS attribute
MERGE (a:Attribute {kind: attribute.kind, value: attribute.value})
MERGE (i)-[:HAS_ATTRIBUTE]->(a)
