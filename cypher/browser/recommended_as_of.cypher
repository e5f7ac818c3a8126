// Recommended as of a time
// Purpose: items near a user's history up to a time: similar to, or following, the user's latest items until then, or
// about interests valid then, not chosen until then; and when the user chose them later. SIMILAR_TO, FOLLOWED_BY and
// ABOUT are those of today.
// In Neo4j Browser, first:  :param user_id => '196'   and   :param at => '1998-01-01T00:00:00Z'
// Access: read
// Parameters: user_id STRING, at STRING
// Returns: item NODE, title STRING, score FLOAT, because LIST<STRING>, chosen_later DATETIME
// Index: user_id (constraint)
WITH datetime($at) AS moment
MATCH (u:User {user_id: $user_id})
CALL (u, moment) {
  MATCH (u)-[b]->(i:Item) WHERE b.at <= moment
  RETURN collect(DISTINCT i) AS seen
}
CALL (u, moment) {
  CALL (u, moment) {
    MATCH (u)-[b]->(source:Item) WHERE b.at <= moment
    WITH source, max(b.at) AS at ORDER BY at DESC, source.item_id LIMIT 20
    RETURN source
  }
  MATCH (source)-[s:SIMILAR_TO|FOLLOWED_BY]->(i:Item)
  RETURN i, coalesce(s.score, 0.0) AS score, coalesce(source.title, source.item_id) AS reason
UNION ALL
  WITH u, moment
  CALL (u, moment) {
    MATCH (u)-[r:INTERESTED_IN {polarity: 'likes'}]->(n:Interest)
    WHERE coalesce(r.valid_from <= moment, true) AND coalesce(moment < r.valid_to, true)
    WITH n, max(r.weight) AS weight ORDER BY weight DESC, n.name LIMIT 10
    RETURN n, weight
  }
  CALL (n) {
    MATCH (n)<-[a:ABOUT]-(i:Item)
    RETURN i, a ORDER BY a.weight DESC, i.item_id LIMIT 200
  }
  RETURN i, weight * a.weight / 10 AS score, coalesce(n.label, n.name) AS reason
}
WITH u, moment, seen, i, sum(score) AS score, collect(DISTINCT reason)[..3] AS because
WHERE NOT i IN seen AND (i.published_at IS NULL OR i.published_at <= moment)
WITH u, moment, i, score, because ORDER BY score DESC, i.item_id LIMIT 10
OPTIONAL MATCH (u)-[later]->(i) WHERE later.at > moment
WITH i, score, because, min(later.at) AS chosen_later
RETURN i AS item, i.title AS title, score, because, chosen_later
ORDER BY score DESC, i.item_id
