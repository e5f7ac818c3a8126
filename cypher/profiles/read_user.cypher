// Purpose: one user: attributes, counts, times, embedding version.
// Access: read
// Parameters: user_id STRING
// Returns: user_id STRING, touched_at STRING, embedding_version STRING, embedded_at STRING, attributes LIST<MAP>, events INTEGER, searches INTEGER, follows INTEGER, followers INTEGER, last_event_at STRING
// Index: user_id (constraint)
MATCH (u:User {user_id: $user_id})
CALL (u) {
  OPTIONAL MATCH (u)-[:HAS_ATTRIBUTE]->(a:Attribute)
  WITH a ORDER BY a.kind, a.value
  RETURN [x IN collect(a) | {kind: x.kind, value: x.value}] AS attributes
}
CALL (u) {
  OPTIONAL MATCH (u)-[b]->(n:Item|Query)
  RETURN count(CASE WHEN n:Item THEN b END) AS events, count(CASE WHEN n:Query THEN b END) AS searches,
         toString(max(b.at)) AS last_event_at
}
RETURN u.user_id AS user_id, toString(u.touched_at) AS touched_at, u.embedding_version AS embedding_version,
       toString(u.embedded_at) AS embedded_at, attributes, events, searches, COUNT { (u)-[:FOLLOWS]->(:User) } AS follows,
       COUNT { (u)<-[:FOLLOWS]-(:User) } AS followers, last_event_at
