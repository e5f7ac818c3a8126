// Why this item
// Purpose: the three strongest paths of each channel from a user to an item. The channel "embedding" has no path, but
// the similarity of the two vectors. A rating is low at or below its user's mean - 1, or at or below 2 for less than three
// ratings; an item rated low is no reason.
// In Neo4j Browser, first:  :param user_id => '196'   and then   :param item_id => '50'
// Access: read
// Parameters: user_id STRING, item_id STRING
// Returns: channel STRING, score FLOAT, because STRING, path PATH
// Index: user_id (constraint), item_id (constraint)
MATCH (u:User {user_id: $user_id})
CALL (u) {
  OPTIONAL MATCH (u)-[b:RATED]->(:Item)
  RETURN CASE WHEN count(b.value) >= 3 THEN avg(b.value) - 1 ELSE 2.0 END AS low
}
CALL (u, low) {
  MATCH (u)-[b]->(seen:Item)
  WHERE type(b) <> 'DISLIKED' AND NOT (type(b) = 'RATED' AND coalesce(b.value <= low, false))
  WITH seen, max(coalesce(b.at, datetime({epochMillis: 0}))) AS at
  ORDER BY at DESC, seen.item_id
  LIMIT 50
  RETURN collect(seen) AS recent
}
CALL (u, recent) {
  MATCH (i:Item {item_id: $item_id})
  CALL (u, recent, i) {
    MATCH path = (u)-[b]->(seen:Item)-[s:SIMILAR_TO]->(i)
    WHERE seen IN recent
    RETURN 'similar item' AS channel, s.score AS score, path,
           toLower(type(b)) + ' ' + coalesce(seen.title, seen.item_id) + ', which is similar' AS because
    ORDER BY score DESC, because
    LIMIT 3
  UNION ALL
    MATCH path = (u)-[b]->(seen:Item)-[s:FOLLOWED_BY]->(i)
    WHERE seen IN recent
    RETURN 'next item' AS channel, s.score AS score, path,
           toLower(type(b)) + ' ' + coalesce(seen.title, seen.item_id) + ', after which others go on to this' AS because
    ORDER BY score DESC, because
    LIMIT 3
  UNION ALL
    MATCH path = (u)-[r:INTERESTED_IN]->(n:Interest)<-[a:ABOUT]-(i)
    WHERE r.valid_to IS NULL AND r.polarity = 'likes'
    RETURN 'interest' AS channel, r.weight * a.weight AS score, path,
           'interested in ' + coalesce(n.label, n.name) + ' (' + r.horizon + ')' AS because
    ORDER BY score DESC, because
    LIMIT 3
  UNION ALL
    MATCH path = (u)-[:FOLLOWS]->(v:User)-[b]->(i)
    WHERE type(b) <> 'DISLIKED'
    CALL (v) {
      OPTIONAL MATCH (v)-[r:RATED]->(:Item)
      RETURN CASE WHEN count(r.value) >= 3 THEN avg(r.value) - 1 ELSE 2.0 END AS low
    }
    WITH * WHERE NOT (type(b) = 'RATED' AND coalesce(b.value <= low, false))
    RETURN 'tie' AS channel, 1.0 AS score, path,
           'follows ' + v.user_id + ', who ' + toLower(type(b)) + ' this' AS because
    ORDER BY b.at DESC, because
    LIMIT 3
  UNION ALL
    MATCH path = (u)-[s:SIMILAR_TO]->(v:User)-[b]->(i)
    WHERE type(b) <> 'DISLIKED'
    CALL (v) {
      OPTIONAL MATCH (v)-[r:RATED]->(:Item)
      RETURN CASE WHEN count(r.value) >= 3 THEN avg(r.value) - 1 ELSE 2.0 END AS low
    }
    WITH * WHERE NOT (type(b) = 'RATED' AND coalesce(b.value <= low, false))
    RETURN 'similar user' AS channel, s.score AS score, path,
           'is like ' + v.user_id + ', who ' + toLower(type(b)) + ' this' AS because
    ORDER BY score DESC, because
    LIMIT 3
  UNION ALL
    MATCH path = (u)-[:HAS_ATTRIBUTE]->(a:Attribute)-[f:FAVOURS]->(i)
    RETURN 'attribute' AS channel, f.score AS score, path,
           'favoured by users with ' + a.kind + ' ' + a.value AS because
    ORDER BY score DESC, because
    LIMIT 3
  UNION ALL
    WITH u, i
    WHERE u.embedding IS NOT NULL AND i.embedding IS NOT NULL
    RETURN 'embedding' AS channel, vector.similarity.cosine(u.embedding, i.embedding) AS score, null AS path,
           'the vectors of user and item are near (1 is the same, 0.5 unrelated)' AS because
  }
  RETURN channel, score, because, path
}
RETURN channel, score, because, path
ORDER BY channel, score DESC, because
