// Interest map
// Purpose: the interests of a user as a picture: the strongest interests, their broader interests, and the user's items
// that are about them.
// In Neo4j Browser, first:  :param user_id => '196'
// Access: read
// Parameters: user_id STRING
// Returns: interest PATH, items LIST<PATH>, broader LIST<PATH>
// Index: user_id (constraint)
MATCH (u:User {user_id: $user_id})-[r:INTERESTED_IN]->(n:Interest)
WHERE r.valid_to IS NULL
WITH u, n, max(r.weight) AS weight
ORDER BY weight DESC, n.name
LIMIT 12
CALL (u, n) {
  MATCH path = (u)-[r:INTERESTED_IN]->(n)
  WHERE r.valid_to IS NULL
  RETURN path AS interest
  ORDER BY r.weight DESC, r.horizon, r.polarity
  LIMIT 1
}
CALL (u, n) {
  MATCH (u)-[b]->(i:Item)-[a:ABOUT]->(n)
  WITH i, max(a.weight) AS about, max(coalesce(b.at, datetime({epochMillis: 0}))) AS at
  ORDER BY about DESC, at DESC, i.item_id
  LIMIT 5
  MATCH path = (u)-->(i)-[:ABOUT]->(n)
  RETURN collect(path) AS items
}
CALL (n) {
  MATCH path = (n)-[b:BROADER]->(wider:Interest)
  WITH path
  ORDER BY b.score DESC, wider.name
  LIMIT 2
  RETURN collect(path) AS broader
}
RETURN interest, items, broader
ORDER BY weight DESC, n.name
