// Purpose: replace the attributes of items.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: nothing
// Index: item_id (constraint), attribute_key (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
CALL (i, row) {
  CALL (i, row) {
    UNWIND row.attributes AS attribute
    MATCH (a:Attribute {kind: attribute.kind, value: attribute.value})
    RETURN a, null AS held
    UNION ALL
    MATCH (i)-[held:HAS_ATTRIBUTE]->(a:Attribute)
    RETURN a, held
  }
  WITH a, collect(held) AS held, count(*) AS times
  WHERE times = size(held)
  FOREACH (h IN held | DELETE h)
}
UNWIND row.attributes AS attribute
MERGE (a:Attribute {kind: attribute.kind, value: attribute.value})
MERGE (i)-[:HAS_ATTRIBUTE]->(a)
