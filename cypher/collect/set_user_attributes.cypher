// Purpose: replace the attributes of users.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: nothing
// Index: user_id (constraint), attribute_key (constraint)
UNWIND $rows AS row
MATCH (u:User {user_id: row.user_id})
CALL (u, row) {
  MATCH (u)-[h:HAS_ATTRIBUTE]->(a:Attribute)
  WHERE NOT {kind: a.kind, value: a.value} IN row.attributes
  DELETE h
}
UNWIND row.attributes AS attribute
MERGE (a:Attribute {kind: attribute.kind, value: attribute.value})
MERGE (u)-[:HAS_ATTRIBUTE]->(a)
