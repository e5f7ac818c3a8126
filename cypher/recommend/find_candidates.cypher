// Purpose: the items that may be recommended to one user, with every signal that speaks for them, as columns.
// Channels: similar (what goes with recent items of the user), transitions (what is chosen after them), interests (what is
// about an open interest), embedding (nearest to the vector of the user), social (recent items of followed and of
// similar users), attributes (what users like them favour), popular. The best unseen items of each channel are kept; parts holds, for each item, the
// channels that found it with their values in the order of graphstore.blend.SIGNALS. Every hop is capped.
// recent: maps of item_id, short, long and age, the weights of a recent item under three ways to forget.
// options: candidates, people, people_items, scanned, scanned_vectors (see RecommendOptions).  unwanted: types that tell dislike.
// Access: read
// Parameters: user_id STRING, recent LIST<MAP>, vector LIST<FLOAT>, channels LIST<STRING>, unwanted LIST<STRING>, options MAP
// Returns: item_ids LIST<STRING>, parts LIST<LIST<LIST<ANY>>>, cosines LIST<FLOAT>, popularity LIST<FLOAT>, ever_popular LIST<FLOAT>
// Index: user_id (constraint), item_id (constraint), item_popularity, item_embedding (vector)
WITH datetime({epochMillis: 0}) AS never
MATCH (u:User {user_id: $user_id})
CALL (u) {
  MATCH (u)-->(i:Item)
  RETURN collect(DISTINCT i) AS seen
}
CALL (u, seen, never) {
  UNWIND CASE WHEN 'similar' IN $channels THEN $recent ELSE [] END AS r
  MATCH (source:Item {item_id: r.item_id})-[s:SIMILAR_TO]->(i:Item)
  WITH i, r, s.score AS score, coalesce(s.recent_score, 0.0) AS lately
  WITH i, sum(r.short * score) AS short, sum(r.long * score) AS long, sum(r.age * score) AS age,
       sum(r.long * lately) AS lately
  WITH i, short, long, age, lately, short + long + age + lately AS value
  ORDER BY value DESC, i.item_id
  WHERE NOT i IN seen
  WITH i, short, long, age, lately LIMIT $options.candidates
  RETURN collect([i, ['similar', short, long, age, lately]]) AS found
UNION ALL
  UNWIND CASE WHEN 'transitions' IN $channels THEN $recent ELSE [] END AS r
  MATCH (source:Item {item_id: r.item_id})-[s:FOLLOWED_BY]->(i:Item)
  WITH i, r, s.score AS score, coalesce(s.recent_score, 0.0) AS lately
  WITH i, sum(r.short * score) AS short, sum(r.long * score) AS long, sum(r.age * score) AS age,
       sum(r.long * lately) AS lately
  WITH i, short, long, age, lately, short + long + age + lately AS value
  ORDER BY value DESC, i.item_id
  WHERE NOT i IN seen
  WITH i, short, long, age, lately LIMIT $options.candidates
  RETURN collect([i, ['transitions', short, long, age, lately]]) AS found
UNION ALL
  WITH * WHERE 'interests' IN $channels
  MATCH (u)-[r:INTERESTED_IN]->(n:Interest) WHERE r.valid_to IS NULL
  WITH seen, n, sum(CASE r.polarity WHEN 'dislikes' THEN -r.weight ELSE r.weight END) AS weight
  ORDER BY abs(weight) DESC, n.name LIMIT $options.people
  CALL (n) {
    MATCH (n)<-[a:ABOUT]-(i:Item)
    RETURN a, i LIMIT $options.scanned
  }
  WITH seen, i, sum(weight * a.weight) AS liking
  ORDER BY liking DESC, coalesce(i.popularity, -1.0e300) DESC, i.item_id
  WHERE liking > 0 AND NOT i IN seen
  WITH i, liking LIMIT $options.candidates
  RETURN collect([i, ['interests', liking]]) AS found
UNION ALL
  WITH * WHERE 'embedding' IN $channels AND size($vector) > 0
  WITH seen, $options.candidates + CASE WHEN size(seen) < $options.scanned_vectors THEN size(seen) ELSE $options.scanned_vectors END AS near
  CALL db.index.vector.queryNodes('item_embedding', near, $vector) YIELD node AS i
  WITH seen, i, vector.similarity.cosine(i.embedding, $vector) AS score ORDER BY score DESC, i.item_id
  WHERE score > 0.5 AND NOT i IN seen
  WITH i LIMIT $options.candidates
  RETURN collect([i, ['embedding']]) AS found
UNION ALL
  WITH * WHERE 'social' IN $channels
  CALL (u, never) {
    MATCH (u)-[f:FOLLOWS]->(v:User)
    WITH v, f ORDER BY coalesce(f.at, never) DESC, v.user_id LIMIT $options.people
    RETURN v, 1.0 AS follows, 0.0 AS alike
  UNION ALL
    MATCH (u)-[s:SIMILAR_TO]->(v:User)
    WITH v, s ORDER BY s.score DESC, v.user_id LIMIT $options.people
    RETURN v, 0.0 AS follows, s.score AS alike
  }
  WITH seen, v, never, sum(follows) AS follows, sum(alike) AS alike
  CALL (v, never) {
    MATCH (v)-[b]->(i:Item)
    WITH b, i LIMIT $options.scanned
    WITH b, i ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT $options.people_items
    WITH collect([b, i]) AS latest, avg(CASE WHEN type(b) = 'RATED' THEN b.value END) AS mean,
         count(CASE WHEN type(b) = 'RATED' THEN b.value END) AS ratings
    UNWIND latest AS pair
    WITH pair[0] AS b, pair[1] AS i, CASE WHEN ratings >= 3 THEN mean - 1 ELSE 2.0 END AS low
    WHERE NOT (type(b) IN $unwanted OR (type(b) = 'RATED' AND coalesce(b.value <= low, false)))
    RETURN DISTINCT i
  }
  WITH seen, i, sum(follows) AS follows, sum(alike) AS alike
  WITH seen, i, follows, alike ORDER BY follows + alike DESC, coalesce(i.popularity, -1.0e300) DESC, i.item_id
  WHERE NOT i IN seen
  WITH i, follows, alike LIMIT $options.candidates
  RETURN collect([i, ['social', follows, alike]]) AS found
UNION ALL
  WITH * WHERE 'attributes' IN $channels
  MATCH (u)-[:HAS_ATTRIBUTE]->(a:Attribute)
  WITH seen, a ORDER BY a.kind, a.value LIMIT $options.people
  MATCH (a)-[f:FAVOURS]->(i:Item)
  WITH seen, i, sum(f.score) AS value
  WITH seen, i, value ORDER BY value DESC, i.item_id
  WHERE NOT i IN seen
  WITH i, value LIMIT $options.candidates
  RETURN collect([i, ['attributes', value]]) AS found
UNION ALL
  WITH * WHERE 'popular' IN $channels
  MATCH (i:Item) WHERE i.popularity > -1.0e300
  WITH seen, i ORDER BY i.popularity DESC
  WHERE NOT i IN seen
  WITH i LIMIT $options.candidates
  RETURN collect([i, ['popular']]) AS found
}
UNWIND found AS pair
WITH pair[0] AS i, collect(pair[1]) AS parts
WITH i, parts, CASE WHEN i.embedding IS NULL OR size($vector) = 0 THEN 0.0
                    ELSE 2 * vector.similarity.cosine(i.embedding, $vector) - 1 END AS cosine
ORDER BY i.item_id
RETURN collect(i.item_id) AS item_ids, collect(parts) AS parts, collect(cosine) AS cosines,
       collect(coalesce(i.popularity, -1.0e300)) AS popularity, collect(coalesce(i.ever_popular, -1.0e300)) AS ever_popular
