// Purpose: all items with the number of users who chose them, their kind and their attributes.
// Access: read
// Parameters: none
// Returns: item_id STRING, title STRING, kind STRING, users INTEGER, attributes LIST<STRING>
// Index: item_id (constraint)
MATCH (i:Item)
WHERE i.item_id >= ''
CALL (i) {
  MATCH (i)-[:HAS_ATTRIBUTE]->(a:Attribute)
  WITH a.kind + '=' + a.value AS attribute ORDER BY attribute
  RETURN collect(attribute) AS attributes
}
RETURN i.item_id AS item_id, i.title AS title, i.kind AS kind, COUNT { MATCH (i)<--(u:User) RETURN DISTINCT u } AS users, attributes
ORDER BY item_id
