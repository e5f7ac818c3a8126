// Purpose: remove a user with their behaviour, searches, interests, corrections, ties and similarities, attributes that
// nothing else has, queries that nobody else searched for, and items that only their events mention. Items they touched are marked for the follower. Raises `epoch` of
// the feed: every program that holds answers or behaviour in memory drops them. Interest nodes stay, and so does what
// was computed from many users.
// Access: write
// Parameters: user_id STRING
// Returns: events INTEGER, searches INTEGER, queries INTEGER, interests INTEGER, ties INTEGER, similarities INTEGER, attributes INTEGER, items INTEGER
// Index: user_id (constraint), feed_name (constraint)
MATCH (u:User {user_id: $user_id})
CALL (u) {
  OPTIONAL MATCH (u)-[b]->(i:Item)
  RETURN count(b) AS events, collect(DISTINCT i) AS touched
}
CALL (u) {
  OPTIONAL MATCH (u)-[s]->(q:Query)
  RETURN count(s) AS searches, collect(DISTINCT q) AS asked
}
CALL (u) {
  OPTIONAL MATCH (u)-[r:INTERESTED_IN]->(n:Interest)
  RETURN count(r) AS interests, collect(DISTINCT CASE WHEN r.valid_to IS NULL THEN n END) AS held
}
CALL (u) {
  OPTIONAL MATCH (u)-[:HAS_ATTRIBUTE]->(a:Attribute)
  RETURN collect(DISTINCT a) AS described
}
WITH u, events, touched, searches, asked, interests, held, described, COUNT { (u)-[:FOLLOWS]-(:User) } AS ties,
     COUNT { (u)-[:SIMILAR_TO]-(:User) } AS similarities
FOREACH (n IN held | SET n.users = CASE WHEN coalesce(n.users, 0) > 0 THEN n.users - 1 ELSE 0 END)
FOREACH (i IN touched | SET i.touched_at = datetime(), i.version = coalesce(i.version, 0) + 1,
                                                      i.due = CASE WHEN i.lease IS NULL AND coalesce(i.due, timestamp()) >= timestamp() THEN timestamp() ELSE i.due END)
DETACH DELETE u
WITH events, touched, searches, asked, interests, described, ties, similarities
CALL (asked) {
  UNWIND asked AS q
  WITH q WHERE NOT EXISTS { (q)<--(:User) }
  DETACH DELETE q
  RETURN count(*) AS queries
}
CALL (described) {
  UNWIND described AS a
  WITH a WHERE NOT EXISTS { (a)<-[:HAS_ATTRIBUTE]-() }
  DETACH DELETE a
  RETURN count(*) AS attributes
}
CALL (touched) {
  UNWIND touched AS i
  WITH i WHERE NOT coalesce(i.described, false) AND NOT EXISTS { (i)<--(:User) }
  DETACH DELETE i
  RETURN count(*) AS items
}
MERGE (f:Feed {name: 'changes'})
SET f.epoch = coalesce(f.epoch, 0) + 1
RETURN events, searches, queries, interests, ties, similarities, attributes, items
