// Purpose: titles of recommended items, and the path from the user to each by the channel that speaks most for it.
// rows: maps of item_id and channel, in the order of the answer.  recent: maps of item_id and weight, the user's items that
// the answer rests on.  An item nearest by vector is shown by the similarity or transition that leads to it, if one does.
// options: people (see RecommendOptions).  unwanted: types that tell dislike.
// Access: read
// Parameters: user_id STRING, rows LIST<MAP>, recent LIST<MAP>, unwanted LIST<STRING>, options MAP
// Returns: item_id STRING, title STRING, nodes LIST<MAP>, hops LIST<MAP>
// Index: user_id (constraint), item_id (constraint)
WITH datetime({epochMillis: 0}) AS never
MATCH (u:User {user_id: $user_id})
UNWIND range(0, size($rows) - 1) AS rank
WITH u, never, rank, $rows[rank].channel AS channel, $rows[rank].item_id AS item_id
MATCH (i:Item {item_id: item_id})
CALL (u, i, channel, never) {
  CALL (u, i, channel, never) {
    WITH * WHERE channel IN ['similar', 'transitions', 'embedding']
    UNWIND $recent AS r
    MATCH (source:Item {item_id: r.item_id})-[s:SIMILAR_TO|FOLLOWED_BY]->(i)
    WHERE channel = 'embedding' OR type(s) = CASE channel WHEN 'similar' THEN 'SIMILAR_TO' ELSE 'FOLLOWED_BY' END
    WITH u, never, r, s, source ORDER BY r.weight * (s.score + coalesce(s.recent_score, 0.0)) DESC, source.item_id LIMIT 1
    MATCH (u)-[b]->(source)
    WITH u, s, source, b ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT 1
    RETURN [u, source] AS nodes, [b, s] AS hops
  UNION ALL
    WITH * WHERE channel = 'interests'
    MATCH (u)-[r:INTERESTED_IN {polarity: 'likes'}]->(n:Interest)<-[a:ABOUT]-(i) WHERE r.valid_to IS NULL
    WITH u, r, n, a ORDER BY r.weight * a.weight DESC, n.name LIMIT 1
    RETURN [u, n] AS nodes, [r, a] AS hops
  UNION ALL
    WITH * WHERE channel = 'social'
    CALL (u, never) {
      MATCH (u)-[f:FOLLOWS]->(v:User) RETURN v, f, 1.0 AS weight
      ORDER BY coalesce(f.at, never) DESC, v.user_id LIMIT $options.people
    UNION ALL
      MATCH (u)-[f:SIMILAR_TO]->(v:User) RETURN v, f, f.score AS weight
      ORDER BY weight DESC, v.user_id LIMIT $options.people
    }
    MATCH (v)-[b]->(i) WHERE NOT type(b) IN $unwanted
    WITH u, f, v, b ORDER BY type(b) = 'RATED' AND coalesce(b.value, 3) <= 2, weight DESC, v.user_id, b.event_id LIMIT 1
    RETURN [u, v] AS nodes, [f, b] AS hops
  UNION ALL
    WITH * WHERE channel = 'attributes'
    MATCH (u)-[h:HAS_ATTRIBUTE]->(a:Attribute)-[f:FAVOURS]->(i)
    WITH u, h, a, f ORDER BY f.score DESC, a.kind, a.value LIMIT 1
    RETURN [u, a] AS nodes, [h, f] AS hops
  }
  RETURN head(collect(nodes)) AS nodes, head(collect(hops)) AS hops
}
RETURN i.item_id AS item_id, i.title AS title,
       [n IN nodes + [i] | {label: head(labels(n)), key: coalesce(n.user_id, n.item_id, n.name, n.kind + '=' + n.value),
                      title: coalesce(n.title, n.label, n.value)}] AS nodes,
       [h IN hops | {type: type(h), properties: properties(h)}] AS hops
ORDER BY rank
