// Purpose: all that the graph stores about one user, with derived data.
// Access: read
// Parameters: user_id STRING
// Returns: user_id STRING, properties MAP, attributes LIST<MAP>, events LIST<MAP>, searches LIST<MAP>, mentions LIST<MAP>, follows LIST<MAP>, followed_by LIST<MAP>, interests LIST<MAP>, corrections LIST<MAP>, similar_users LIST<MAP>
// Index: user_id (constraint)
MATCH (u:User {user_id: $user_id})
CALL (u) {
  OPTIONAL MATCH (u)-[:HAS_ATTRIBUTE]->(a:Attribute)
  WITH a ORDER BY a.kind, a.value
  RETURN [x IN collect(a) | {kind: x.kind, value: x.value}] AS attributes
}
CALL (u) {
  OPTIONAL MATCH (u)-[b]->(i:Item)
  WITH b, i ORDER BY b.at, b.event_id
  RETURN [x IN collect({type: type(b), item_id: i.item_id, title: i.title, properties: properties(b)})
          WHERE x.type IS NOT NULL] AS events
}
CALL (u) {
  OPTIONAL MATCH (u)-[s]->(q:Query)
  WITH s, q ORDER BY s.at, s.event_id
  CALL (q) {
    OPTIONAL MATCH (q)-[f:FINDS]->(i:Item)
    WITH f, i ORDER BY f.score DESC, i.item_id
    RETURN [x IN collect({item_id: i.item_id, title: i.title, score: f.score, found_by: f.found_by})
            WHERE x.item_id IS NOT NULL] AS found
  }
  RETURN [x IN collect({type: type(s), query: q.text, found: found, properties: properties(s)})
          WHERE x.type IS NOT NULL] AS searches
}
CALL (u) {
  OPTIONAL MATCH (u)-[m:MENTIONED]->(n:Interest)
  WITH m, n ORDER BY m.at, m.event_id, n.name
  RETURN [x IN collect({name: n.name, properties: properties(m)}) WHERE x.name IS NOT NULL] AS mentions
}
CALL (u) {
  OPTIONAL MATCH (u)-[f:FOLLOWS]->(o:User)
  WITH f, o ORDER BY o.user_id
  RETURN [x IN collect({user_id: o.user_id, at: f.at}) WHERE x.user_id IS NOT NULL] AS follows
}
CALL (u) {
  OPTIONAL MATCH (u)<-[f:FOLLOWS]-(o:User)
  WITH f, o ORDER BY o.user_id
  RETURN [x IN collect({user_id: o.user_id, at: f.at}) WHERE x.user_id IS NOT NULL] AS followed_by
}
CALL (u) {
  OPTIONAL MATCH (u)-[r:INTERESTED_IN]->(n:Interest)
  WITH r, n ORDER BY r.valid_from, n.name, r.polarity, r.horizon
  RETURN [x IN collect({name: n.name, label: n.label, properties: properties(r)})
          WHERE x.name IS NOT NULL] AS interests
}
CALL (u) {
  OPTIONAL MATCH (u)-[c:CORRECTED]->(n:Interest)
  WITH c, n ORDER BY n.name
  RETURN [x IN collect({name: n.name, correction: c.how, at: c.at}) WHERE x.name IS NOT NULL] AS corrections
}
CALL (u) {
  OPTIONAL MATCH (u)-[s:SIMILAR_TO]->(o:User)
  WITH s, o ORDER BY s.score DESC, o.user_id
  RETURN [x IN collect({user_id: o.user_id, properties: properties(s)}) WHERE x.user_id IS NOT NULL] AS similar_users
}
RETURN u.user_id AS user_id, properties(u) AS properties, attributes, events, searches, mentions, follows, followed_by, interests,
       corrections, similar_users
