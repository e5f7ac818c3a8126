// Purpose: users similar to one user, each with up to three items of both, the least popular first.
// Access: read
// Parameters: user_id STRING, k INTEGER, scanned INTEGER
// Returns: user_id STRING, score FLOAT, shared LIST<MAP>
// Index: user_id (constraint)
MATCH (u:User {user_id: $user_id})
CALL (u) {
  MATCH (u)-->(i:Item)
  WITH DISTINCT i LIMIT $scanned
  RETURN collect(i) AS chosen
}
CALL (u) {
  MATCH (u)-[s:SIMILAR_TO]->(v:User)
  RETURN v, s.score AS score
  ORDER BY score DESC, v.user_id LIMIT $k
}
CALL (v, chosen) {
  MATCH (v)-->(i:Item)
  WITH DISTINCT i LIMIT $scanned
  WHERE i IN chosen
  WITH i ORDER BY coalesce(i.popularity, -1.0e300), i.item_id LIMIT 3
  RETURN collect({item_id: i.item_id, title: i.title}) AS shared
}
RETURN v.user_id AS user_id, score, shared
ORDER BY score DESC, user_id
