// Who is like me
// Purpose: the users most similar to one user, with up to three items that both chose, and the interests that both
// have.
// In Neo4j Browser, first:  :param user_id => '196'
// Access: read
// Parameters: user_id STRING
// Returns: similar RELATIONSHIP, user NODE, user_id STRING, score FLOAT, items_in_common INTEGER,
// interests LIST<STRING>, paths LIST<PATH>
// Index: user_id (constraint)
MATCH (u:User {user_id: $user_id})-[s:SIMILAR_TO]->(v:User)
WITH u, s, v
ORDER BY s.score DESC, v.user_id
LIMIT 10
CALL (u, v) {
  MATCH (u)-[b]->(i:Item)
  WHERE EXISTS { (v)-->(i) }
  WITH i, max(coalesce(b.at, datetime({epochMillis: 0}))) AS at
  ORDER BY at DESC, i.item_id
  RETURN collect(i) AS common
}
CALL (u, v, common) {
  UNWIND common[..3] AS i
  MATCH path = (u)-->(i)<--(v)
  RETURN collect(path) AS paths
}
CALL (u, v) {
  MATCH (u)-[a:INTERESTED_IN]->(n:Interest)<-[b:INTERESTED_IN]-(v)
  WHERE a.valid_to IS NULL AND b.valid_to IS NULL AND a.polarity = 'likes' AND b.polarity = 'likes'
  WITH n, max(a.weight * b.weight) AS weight
  ORDER BY weight DESC, n.name
  LIMIT 5
  RETURN collect(coalesce(n.label, n.name)) AS interests
}
RETURN s AS similar, v AS user, v.user_id AS user_id, s.score AS score, size(common) AS items_in_common, interests, paths
ORDER BY score DESC, user_id
