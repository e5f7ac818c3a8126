// Purpose: replace the attributes of users.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: nothing
// Index: user_id (constraint), attribute_key (constraint)
UNWIND $rows AS row
MATCH (u:User {user_id: row.user_id})
CALL (u, row) {
  CALL (u, row) {
    UNWIND row.attributes AS attribute
    MATCH (a:Attribute {kind: attribute.kind, value: attribute.value})
    RETURN a, null AS held
    UNION ALL
    MATCH (u)-[held:HAS_ATTRIBUTE]->(a:Attribute)
    RETURN a, held
  }
  WITH a, collect(held) AS held, count(*) AS times
  WHERE times = size(held)
  FOREACH (h IN held | DELETE h)
}
UNWIND row.attributes AS attribute
MERGE (a:Attribute {kind: attribute.kind, value: attribute.value})
MERGE (u)-[:HAS_ATTRIBUTE]->(a)
