// Purpose: the attributes of seed users and the users that they follow (the latest ties first), as columns with
// positions.
// Access: read
// Parameters: user_ids LIST<STRING>, fan_out INTEGER
// Returns: attribute_positions LIST<INTEGER>, attribute_keys LIST<STRING>, follow_positions LIST<INTEGER>, followed LIST<STRING>
// Index: user_id (constraint)
CALL () {
  UNWIND range(0, size($user_ids) - 1) AS position
  MATCH (u:User {user_id: $user_ids[position]})-[:HAS_ATTRIBUTE]->(a:Attribute)
  WITH position, a.kind + '=' + a.value AS key
  ORDER BY position, key
  RETURN collect(position) AS attribute_positions, collect(key) AS attribute_keys
}
CALL () {
  UNWIND range(0, size($user_ids) - 1) AS position
  MATCH (u:User {user_id: $user_ids[position]})
  CALL (u) {
    MATCH (u)-[f:FOLLOWS]->(v:User)
    RETURN v.user_id AS other
    ORDER BY f.at IS NULL, f.at DESC, other
    LIMIT $fan_out
  }
  RETURN collect(position) AS follow_positions, collect(other) AS followed
}
RETURN attribute_positions, attribute_keys, follow_positions, followed
