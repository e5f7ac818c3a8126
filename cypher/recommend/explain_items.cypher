// Purpose: titles of recommended items, and the path from the user to each by its strongest channel.
// rows: maps in the order of the answer: item_id; channel, empty where no path is wanted; for the channels similar,
// transitions and embedding also source (an item of the user) and type (SIMILAR_TO or FOLLOWED_BY) of the relationship
// to show.
// items: lists of the position in rows, title, nodes and hops (null without a path), in one row, which costs a client
// half of many rows. An erased item is left out.
// people: as `RecommendOptions.fan_out`.  unwanted: types of behaviour that express dislike.  at: only events up to
// this moment and interests and ties of it (null for now); relationships between items and similar users are those of
// today.
// Access: read
// Parameters: user_id STRING, rows LIST<MAP>, unwanted LIST<STRING>, people INTEGER, at DATETIME
// Returns: items LIST<LIST<ANY>>
// Index: user_id (constraint), item_id (constraint)
WITH datetime({epochMillis: 0}) AS never
UNWIND range(0, size($rows) - 1) AS rank
WITH never, rank, $rows[rank] AS row
MATCH (i:Item {item_id: row.item_id})
CALL (i, row, never) {
  WITH * WHERE row.channel <> ''
  MATCH (u:User {user_id: $user_id})
  CALL (u, i, row, never) {
    CALL (i, row) {
      WITH * WHERE row.type = 'SIMILAR_TO'
      MATCH (source:Item {item_id: row.source})
      MATCH (source)-[s:SIMILAR_TO]->(i)
      RETURN source, s
    UNION ALL
      WITH * WHERE row.type = 'FOLLOWED_BY'
      MATCH (source:Item {item_id: row.source})
      MATCH (source)-[s:FOLLOWED_BY]->(i)
      RETURN source, s
    }
    MATCH (u)-[b]->(source)
    WHERE $at IS NULL OR b.at <= $at
    WITH u, s, source, b ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT 1
    RETURN [u, source] AS nodes, [b, s] AS hops
  UNION ALL
    WITH * WHERE row.channel = 'interests'
    MATCH (u)-[r:INTERESTED_IN {polarity: 'likes'}]->(n:Interest)<-[a:ABOUT]-(i)
    WHERE ($at IS NULL AND r.valid_to IS NULL)
       OR (coalesce(r.valid_from <= $at, true) AND coalesce($at < r.valid_to, true) AND $at IS NOT NULL)
    WITH u, r, n, a ORDER BY r.weight * a.weight DESC, n.name LIMIT 1
    RETURN [u, n] AS nodes, [r, a] AS hops
  UNION ALL
    WITH * WHERE row.channel = 'social'
    CALL (u, never) {
      MATCH (u)-[f:FOLLOWS]->(v:User) WHERE $at IS NULL OR coalesce(f.at <= $at, true) RETURN v, f, 1.0 AS weight
      ORDER BY coalesce(f.at, never) DESC, v.user_id LIMIT $people
    UNION ALL
      MATCH (u)-[f:SIMILAR_TO]->(v:User) RETURN v, f, f.score AS weight
      ORDER BY weight DESC, v.user_id LIMIT $people
    }
    MATCH (v)-[b]->(i) WHERE NOT type(b) IN $unwanted AND ($at IS NULL OR b.at <= $at)
    WITH u, f, v, b ORDER BY type(b) = 'RATED' AND coalesce(b.value, 3) <= 2, weight DESC, v.user_id, b.event_id LIMIT 1
    RETURN [u, v] AS nodes, [f, b] AS hops
  UNION ALL
    WITH * WHERE row.channel = 'attributes'
    MATCH (u)-[h:HAS_ATTRIBUTE]->(a:Attribute)-[f:FAVOURS]->(i)
    WITH u, h, a, f ORDER BY f.score DESC, a.kind, a.value LIMIT 1
    RETURN [u, a] AS nodes, [h, f] AS hops
  }
  RETURN head(collect(nodes)) AS nodes, head(collect(hops)) AS hops
}
WITH rank, i.title AS title,
     [n IN nodes | {label: head(labels(n)), key: coalesce(n.user_id, n.item_id, n.name, n.kind + '=' + n.value),
                    title: coalesce(n.title, n.label, n.value)}] AS nodes,
     [h IN hops | {type: type(h), properties: properties(h)}] AS hops
RETURN collect([rank, title, nodes, hops]) AS items
