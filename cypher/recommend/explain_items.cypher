// Purpose: titles of recommended items, and the path from the user to each by the channel that explains it.
// rows: maps in the order of the answer: item_id and channel, empty where only the title is wanted; for the channels
// similar, transitions and embedding source (an item of the user) and type (SIMILAR_TO or FOLLOWED_BY) of the
// relationship to show; for social person (the user in between) and tie (FOLLOWS or SIMILAR_TO); for interests
// pinned, whether the path leads through one that the user pinned.
// items: lists of the position in rows, title, nodes, hops (null without a path) and counts, in one row, which costs a
// client half of many rows. An erased item is left out.
// counts: for interests `events`, the user's events in evidence; for attributes `of`, who else has the attribute, and
// `people`, who of these chose the item. Empty where there is nothing to count, or too much.
// unwanted: types of behaviour that express dislike.  most: of nodes with more relationships nobody is counted.
// at: only events up to this moment and interests and ties of it (null for now); relationships between items, similar
// users and attributes are those of today.
// Access: read
// Parameters: user_id STRING, rows LIST<MAP>, unwanted LIST<STRING>, most INTEGER, at DATETIME
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
    CALL (u, source, never) {
      MATCH (u)-[b]->(source)
      WHERE $at IS NULL OR b.at <= $at
      RETURN b ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT 1
    }
    RETURN [u, source] AS nodes, [b, s] AS hops, {} AS counts
  UNION ALL
    WITH * WHERE row.channel = 'interests'
    MATCH (u)-[r:INTERESTED_IN {polarity: 'likes'}]->(n:Interest)<-[a:ABOUT]-(i)
    WHERE ($at IS NULL AND r.valid_to IS NULL)
       OR (coalesce(r.valid_from <= $at, true) AND coalesce($at < r.valid_to, true) AND $at IS NOT NULL)
    WITH u, r, n, a
    ORDER BY CASE WHEN row.pinned AND r.extracted_by = 'user' THEN 0 ELSE 1 END, r.weight * a.weight DESC, n.name LIMIT 1
    RETURN [u, n] AS nodes, [r, a] AS hops,
           {events: CASE WHEN $at IS NULL THEN size(coalesce(r.evidence, []))
                         ELSE COUNT { (u)-[b]->(:Item) WHERE b.at <= $at AND b.event_id IN r.evidence } END} AS counts
  UNION ALL
    WITH * WHERE row.tie = 'FOLLOWS'
    MATCH (v:User {user_id: row.person})
    MATCH (u)-[f:FOLLOWS]->(v)
    MATCH (v)-[b]->(i)
    WHERE NOT type(b) IN $unwanted AND ($at IS NULL OR (b.at <= $at AND f.at <= $at))
    RETURN [u, v] AS nodes, [f, b] AS hops, {} AS counts
    ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT 1
  UNION ALL
    WITH * WHERE row.tie = 'SIMILAR_TO'
    MATCH (v:User {user_id: row.person})
    MATCH (u)-[f:SIMILAR_TO]->(v)
    MATCH (v)-[b]->(i)
    WHERE NOT type(b) IN $unwanted AND ($at IS NULL OR b.at <= $at)
    RETURN [u, v] AS nodes, [f, b] AS hops, {} AS counts
    ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT 1
  UNION ALL
    WITH * WHERE row.channel = 'attributes'
    MATCH (u)-[h:HAS_ATTRIBUTE]->(a:Attribute)-[f:FAVOURS]->(i)
    WITH u, i, h, a, f ORDER BY f.score DESC, a.kind, a.value LIMIT 1
    WITH u, i, h, a, f, COUNT { (a)<-[:HAS_ATTRIBUTE]-() } <= $most AND COUNT { (i)<--() } - COUNT { (i)<-[:FINDS]-() } <= $most AS counted
    CALL (u, a, i, counted) {
      WITH * WHERE counted
      MATCH (i)<-[b]-(v:User)-[:HAS_ATTRIBUTE]->(a)
      USING JOIN ON v
      WHERE NOT type(b) IN $unwanted AND ($at IS NULL OR b.at <= $at)
      RETURN count(DISTINCT v) AS people
    }
    CALL (u, a, counted) {
      WITH * WHERE counted
      MATCH (v:User)-[:HAS_ATTRIBUTE]->(a)
      WHERE v <> u
      RETURN count(v) AS of
    }
    RETURN [u, a] AS nodes, [h, f] AS hops, CASE WHEN counted THEN {of: of, people: people} ELSE {} END AS counts
  }
  RETURN head(collect(nodes)) AS nodes, head(collect(hops)) AS hops, head(collect(counts)) AS counts
}
WITH rank, i.title AS title,
     [n IN nodes | {label: head(labels(n)), key: coalesce(n.user_id, n.item_id, n.name, n.kind + '=' + n.value),
                    title: coalesce(n.title, n.label, n.value)}] AS nodes,
     [h IN hops | {type: type(h), properties: properties(h)}] AS hops,
     coalesce(counts, {}) AS counts
RETURN collect([rank, title, nodes, hops, counts]) AS items
