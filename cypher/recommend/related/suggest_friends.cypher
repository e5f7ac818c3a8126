// Purpose: users whom a user might follow: those followed by the users that they follow, and similar users, not
// followed yet. At most `fan` users in each hop. via: up to three of the users in between.
// Access: read
// Parameters: user_id STRING, k INTEGER, fan INTEGER
// Returns: user_id STRING, score FLOAT, mutual INTEGER, similarity FLOAT, via LIST<STRING>
// Index: user_id (constraint)
MATCH (u:User {user_id: $user_id})
CALL (u) {
  MATCH (u)-[f:FOLLOWS]->(friend:User)
  WITH u, friend ORDER BY coalesce(f.at, datetime({epochMillis: 0})) DESC, friend.user_id LIMIT $fan
  CALL (friend) {
    MATCH (friend)-[f:FOLLOWS]->(v:User)
    RETURN v ORDER BY coalesce(f.at, datetime({epochMillis: 0})) DESC, v.user_id LIMIT $fan
  }
  WITH v, friend ORDER BY friend.user_id
  RETURN v, count(friend) AS mutual, 0.0 AS similarity, collect(friend.user_id)[..3] AS via
UNION ALL
  MATCH (u)-[s:SIMILAR_TO]->(v:User)
  RETURN v, 0 AS mutual, s.score AS similarity, [] AS via
}
WITH u, v, sum(mutual) AS mutual, sum(similarity) AS similarity, head(collect(via)) AS via
WHERE v <> u AND NOT EXISTS { (u)-[:FOLLOWS]->(v) }
RETURN v.user_id AS user_id, similarity + mutual / (mutual + 3.0) AS score, mutual, similarity, via
ORDER BY score DESC, user_id
LIMIT $k
