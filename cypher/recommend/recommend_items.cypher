// Purpose: what to recommend to one user, from every channel at once, with the path that explains each item.
// Channels: similar (what goes with recent items of the user), transitions (what is chosen after them), interests (what is
// about an open interest), embedding (nearest to the vector of the user), social (recent items of followed and of
// similar users), attributes (what users like them favour), popular (the fallback). The best unseen items of a
// channel count by how many standard deviations they stand above the last of them; the score of an item is the weighted sum over
// channels. Every hop is capped.
// options: recent, half_life, negative_weight, candidates, fan, people, people_items, scanned (see RecommendOptions).
// Access: read
// Parameters: user_id STRING, k INTEGER, weights MAP, kinds LIST<MAP>, options MAP, explain BOOLEAN
// Returns: item_id STRING, title STRING, score FLOAT, names LIST<STRING>, parts LIST<FLOAT>,
// nodes LIST<MAP>, hops LIST<MAP>
// Index: user_id (constraint), item_popularity, item_embedding (vector)
WITH datetime({epochMillis: 0}) AS never, [kind IN $kinds WHERE kind.weight <= 0 | kind.type] AS unwanted
MATCH (u:User {user_id: $user_id})
CALL (u) {
  MATCH (u)-->(i:Item)
  RETURN collect(DISTINCT i) AS seen
}
CALL (u, never, unwanted) {
  MATCH (u)-[b]->(i:Item)
  WITH b, i ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT 3 * $options.recent
  WITH collect([b, i]) AS latest, avg(CASE WHEN type(b) = 'RATED' THEN b.value END) AS mean,
       count(CASE WHEN type(b) = 'RATED' THEN b.value END) AS rated
  UNWIND latest AS pair
  WITH pair[0] AS b, pair[1] AS i, CASE WHEN rated > 2 THEN mean - 1 ELSE 2 END AS low
  WHERE NOT type(b) IN unwanted
  WITH i, head(collect(b)) AS b, low
  WITH i, b, CASE WHEN type(b) = 'RATED' AND b.value <= low THEN $options.negative_weight ELSE 1.0 END AS liked
  ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT $options.recent
  WITH collect({item: i, event: b, liked: liked}) AS rows
  RETURN [n IN range(0, size(rows) - 1) |
          {item: rows[n].item, event: rows[n].event, weight: rows[n].liked * 0.5 ^ (n / $options.half_life)}] AS recent
}
CALL (recent) {
  OPTIONAL MATCH (i:Item) WHERE i.popularity > -1.0e300
  WITH i.popularity AS popularity ORDER BY popularity DESC LIMIT 1
  RETURN popularity AS top
}
CALL (u, recent, seen, top, never, unwanted) {
  UNWIND CASE WHEN $weights.similar > 0 THEN recent ELSE [] END AS r
  WITH r.item AS source, r.weight AS weight
  MATCH (source)-[s:SIMILAR_TO]->(i:Item)
  WITH i, sum(weight * s.score) AS value
  WHERE NOT i IN seen
  WITH i, value ORDER BY value DESC, i.item_id LIMIT $options.candidates
  RETURN 'similar' AS channel, collect([i, value]) AS found
UNION ALL
  UNWIND CASE WHEN $weights.transitions > 0 THEN recent ELSE [] END AS r
  WITH r.item AS source, r.weight AS weight
  MATCH (source)-[s:FOLLOWED_BY]->(i:Item)
  WITH i, sum(weight * s.score) AS value
  WHERE NOT i IN seen
  WITH i, value ORDER BY value DESC, i.item_id LIMIT $options.candidates
  RETURN 'transitions' AS channel, collect([i, value]) AS found
UNION ALL
  WITH * WHERE $weights.interests > 0
  MATCH (u)-[r:INTERESTED_IN]->(n:Interest) WHERE r.valid_to IS NULL
  WITH n, sum(CASE r.polarity WHEN 'dislikes' THEN -r.weight ELSE r.weight END) AS weight
  ORDER BY abs(weight) DESC, n.name LIMIT $options.people
  CALL (n) {
    MATCH (n)<-[a:ABOUT]-(i:Item)
    RETURN a, i LIMIT $options.scanned
  }
  WITH i, sum(weight * a.weight) AS liking
  WHERE liking > 0 AND NOT i IN seen
  WITH i, liking * (0.3 + 0.7 * coalesce(exp(i.popularity - top), 0.0)) AS value
  ORDER BY value DESC, i.item_id LIMIT $options.candidates
  RETURN 'interests' AS channel, collect([i, value]) AS found
UNION ALL
  WITH * WHERE $weights.embedding > 0 AND u.embedding IS NOT NULL
  CALL db.index.vector.queryNodes('item_embedding', 2 * $options.candidates, u.embedding) YIELD node AS i
  WITH i, 2 * vector.similarity.cosine(i.embedding, u.embedding) - 1 AS value
  WHERE value > 0 AND NOT i IN seen
  WITH i, value ORDER BY value DESC, i.item_id LIMIT $options.candidates
  RETURN 'embedding' AS channel, collect([i, value]) AS found
UNION ALL
  WITH * WHERE $weights.social > 0
  CALL (u, never) {
    MATCH (u)-[f:FOLLOWS]->(v:User)
    WITH v, f ORDER BY coalesce(f.at, never) DESC, v.user_id LIMIT $options.people
    RETURN v, 1.0 AS weight
  UNION ALL
    MATCH (u)-[s:SIMILAR_TO]->(v:User)
    WITH v, s ORDER BY s.score DESC, v.user_id LIMIT $options.people
    RETURN v, s.score AS weight
  }
  WITH v, sum(weight) AS weight
  CALL (v, never, unwanted) {
    MATCH (v)-[b]->(i:Item)
    WITH b, i LIMIT $options.scanned
    WITH b, i ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT $options.people_items
    WITH collect([b, i]) AS latest, avg(CASE WHEN type(b) = 'RATED' THEN b.value END) - 1 AS low
    UNWIND latest AS pair
    WITH pair[0] AS b, pair[1] AS i, low
    WHERE NOT (type(b) IN unwanted
               OR (type(b) = 'RATED' AND coalesce(b.value <= low, false)))
    RETURN DISTINCT i
  }
  WITH i, sum(weight) AS value
  WHERE NOT i IN seen
  WITH i, value ORDER BY value DESC, i.item_id LIMIT $options.candidates
  RETURN 'social' AS channel, collect([i, value]) AS found
UNION ALL
  WITH * WHERE $weights.attributes > 0
  MATCH (u)-[:HAS_ATTRIBUTE]->(a:Attribute)
  WITH a ORDER BY a.kind, a.value LIMIT $options.people
  MATCH (a)-[f:FAVOURS]->(i:Item)
  WITH i, sum(f.score) AS value
  WHERE NOT i IN seen
  WITH i, value ORDER BY value DESC, i.item_id LIMIT $options.candidates
  RETURN 'attributes' AS channel, collect([i, value]) AS found
UNION ALL
  WITH * WHERE $weights.popular > 0
  MATCH (i:Item) WHERE i.popularity > -1.0e300
  WITH i ORDER BY i.popularity DESC
  WHERE NOT i IN seen
  WITH i LIMIT $options.candidates
  RETURN 'popular' AS channel, collect([i, exp(i.popularity - top)]) AS found
}
WITH u, recent, never, unwanted, channel, found WHERE size(found) > 0
CALL (found) {
  UNWIND found AS pair
  RETURN min(pair[1]) AS least, stDevP(pair[1]) AS spread
}
UNWIND found AS pair
WITH u, recent, never, unwanted, pair[0] AS i, channel,
     $weights[channel] * CASE WHEN spread > 1.0e-9 THEN 0.05 + (pair[1] - least) / spread ELSE 1.0 END AS part
ORDER BY part DESC, channel
WITH u, recent, never, unwanted, i, sum(part) AS score, collect(channel) AS names, collect(part) AS parts
ORDER BY score DESC, i.item_id LIMIT $k
WITH u, recent, never, unwanted, collect({item: i, score: score, names: names, parts: parts}) AS rows
CALL (u, recent, rows) {
  WITH [row IN rows WHERE $explain AND row.names[0] IN ['similar', 'embedding'] | row.item] AS items
  UNWIND CASE WHEN items = [] THEN [] ELSE recent END AS r
  WITH r, r.item AS source, items
  MATCH (source)-[s:SIMILAR_TO]->(i:Item) WHERE i IN items
  WITH i, r, s, source ORDER BY r.weight * s.score DESC, source.item_id
  WITH i, head(collect([r.event, s, source])) AS best
  RETURN collect({item: i, nodes: [u, best[2], i], hops: [best[0], best[1]]}) AS similar
}
CALL (u, recent, rows) {
  WITH [row IN rows WHERE $explain AND row.names[0] IN ['transitions', 'embedding'] | row.item] AS items
  UNWIND CASE WHEN items = [] THEN [] ELSE recent END AS r
  WITH r, r.item AS source, items
  MATCH (source)-[s:FOLLOWED_BY]->(i:Item) WHERE i IN items
  WITH i, r, s, source ORDER BY r.weight * s.score DESC, source.item_id
  WITH i, head(collect([r.event, s, source])) AS best
  RETURN collect({item: i, nodes: [u, best[2], i], hops: [best[0], best[1]]}) AS transitions
}
UNWIND rows AS row
WITH u, never, unwanted, row, row.item AS i, row.names[0] AS channel, [p IN similar + transitions WHERE p.item = row.item][0] AS known
CALL (u, i, channel, known, never, unwanted) {
  CALL (u, i, channel, known, never, unwanted) {
    WITH * WHERE known IS NOT NULL AND channel IN ['similar', 'transitions', 'embedding']
    RETURN known.nodes AS nodes, known.hops AS hops
  UNION ALL
    WITH * WHERE $explain AND channel = 'interests'
    MATCH (u)-[r:INTERESTED_IN {polarity: 'likes'}]->(n:Interest)<-[a:ABOUT]-(i) WHERE r.valid_to IS NULL
    WITH r, n, a ORDER BY r.weight * a.weight DESC, n.name LIMIT 1
    RETURN [u, n, i] AS nodes, [r, a] AS hops
  UNION ALL
    WITH * WHERE $explain AND channel = 'social'
    CALL (u, never) {
      MATCH (u)-[f:FOLLOWS]->(v:User) RETURN v, f, 1.0 AS weight
      ORDER BY coalesce(f.at, never) DESC, v.user_id LIMIT $options.people
    UNION ALL
      MATCH (u)-[f:SIMILAR_TO]->(v:User) RETURN v, f, f.score AS weight
      ORDER BY weight DESC, v.user_id LIMIT $options.people
    }
    MATCH (v)-[b]->(i) WHERE NOT type(b) IN unwanted
    WITH f, v, b ORDER BY type(b) = 'RATED' AND coalesce(b.value, 3) <= 2, weight DESC, v.user_id, b.event_id LIMIT 1
    RETURN [u, v, i] AS nodes, [f, b] AS hops
  UNION ALL
    WITH * WHERE $explain AND channel = 'attributes'
    MATCH (u)-[h:HAS_ATTRIBUTE]->(a:Attribute)-[f:FAVOURS]->(i)
    WITH h, a, f ORDER BY f.score DESC, a.kind, a.value LIMIT 1
    RETURN [u, a, i] AS nodes, [h, f] AS hops
  }
  RETURN head(collect(nodes)) AS nodes, head(collect(hops)) AS hops
}
RETURN i.item_id AS item_id, i.title AS title, row.score AS score, row.names AS names, row.parts AS parts,
       [n IN nodes | {label: head(labels(n)), key: coalesce(n.user_id, n.item_id, n.name, n.kind + '=' + n.value),
                      title: coalesce(n.title, n.label, n.value)}] AS nodes,
       [h IN hops | {type: type(h), properties: properties(h)}] AS hops
ORDER BY score DESC, item_id
