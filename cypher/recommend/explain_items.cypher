// Purpose: the paths from the user to recommended items through which parts of their scores flow.
// rows: maps, each with item_id and what the path leads through: source (an item of the user's) with type (SIMILAR_TO or
// FOLLOWED_BY), or with interest, or with kind and value of an attribute, that both items have; person with tie (FOLLOWS
// or SIMILAR_TO); interest alone; kind and value alone, of an attribute of the user that favours the item; query, what the user
// searched.
// items: lists of the position in rows, nodes and hops (null without such a path), in one row, which costs a client half
// of many rows. An erased item is left out.
// unwanted: types of behaviour that express dislike.
// at: only events up to this moment and interests and ties of it (null for now); relationships between items, similar
// users and attributes are those of today.
// Access: read
// Parameters: user_id STRING, rows LIST<MAP>, unwanted LIST<STRING>, at DATETIME
// Returns: items LIST<LIST<ANY>>
// Index: user_id (constraint), item_id (constraint), interest_name (constraint), attribute_key (constraint), query_text (constraint)
WITH datetime({epochMillis: 0}) AS never
UNWIND range(0, size($rows) - 1) AS rank
WITH never, rank, $rows[rank] AS row
MATCH (i:Item {item_id: row.item_id})
CALL (i, row, never) {
  MATCH (u:User {user_id: $user_id})
  CALL (u, i, row, never) {
    CALL (i, row) {
      WITH * WHERE row.type = 'SIMILAR_TO'
      MATCH (source:Item {item_id: row.source})
      MATCH (source)-[s:SIMILAR_TO]->(i)
      RETURN source, [] AS between, [s] AS hops
    UNION ALL
      WITH * WHERE row.type = 'FOLLOWED_BY'
      MATCH (source:Item {item_id: row.source})
      MATCH (source)-[s:FOLLOWED_BY]->(i)
      RETURN source, [] AS between, [s] AS hops
    UNION ALL
      WITH * WHERE row.source IS NOT NULL AND row.interest IS NOT NULL
      MATCH (source:Item {item_id: row.source})
      MATCH (n:Interest {name: row.interest})
      MATCH (source)-[s:ABOUT]->(n)<-[a:ABOUT]-(i)
      RETURN source, [n] AS between, [s, a] AS hops
    UNION ALL
      WITH * WHERE row.source IS NOT NULL AND row.kind IS NOT NULL
      MATCH (source:Item {item_id: row.source})
      MATCH (n:Attribute {kind: row.kind, value: row.value})
      MATCH (source)-[s:HAS_ATTRIBUTE]->(n)<-[a:HAS_ATTRIBUTE]-(i)
      RETURN source, [n] AS between, [s, a] AS hops
    }
    CALL (u, source, never) {
      MATCH (u)-[b]->(source)
      WHERE $at IS NULL OR b.at <= $at
      RETURN b ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT 1
    }
    RETURN [u, source] + between AS nodes, [b] + hops AS hops
  UNION ALL
    WITH * WHERE row.source IS NULL AND row.interest IS NOT NULL
    MATCH (n:Interest {name: row.interest})
    MATCH (u)-[r:INTERESTED_IN {polarity: 'likes'}]->(n)<-[a:ABOUT]-(i)
    WHERE ($at IS NULL AND r.valid_to IS NULL)
       OR (coalesce(r.valid_from <= $at, true) AND coalesce($at < r.valid_to, true) AND $at IS NOT NULL)
    RETURN [u, n] AS nodes, [r, a] AS hops
    ORDER BY CASE WHEN r.extracted_by = 'user' THEN 0 ELSE 1 END, r.weight DESC LIMIT 1
  UNION ALL
    WITH * WHERE row.tie = 'FOLLOWS'
    MATCH (v:User {user_id: row.person})
    MATCH (u)-[f:FOLLOWS]->(v)
    MATCH (v)-[b]->(i)
    WHERE NOT type(b) IN $unwanted AND ($at IS NULL OR (b.at <= $at AND f.at <= $at))
    RETURN [u, v] AS nodes, [f, b] AS hops
    ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT 1
  UNION ALL
    WITH * WHERE row.tie = 'SIMILAR_TO'
    MATCH (v:User {user_id: row.person})
    MATCH (u)-[f:SIMILAR_TO]->(v)
    MATCH (v)-[b]->(i)
    WHERE NOT type(b) IN $unwanted AND ($at IS NULL OR b.at <= $at)
    RETURN [u, v] AS nodes, [f, b] AS hops
    ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT 1
  UNION ALL
    WITH * WHERE row.source IS NULL AND row.kind IS NOT NULL
    MATCH (n:Attribute {kind: row.kind, value: row.value})
    MATCH (u)-[h:HAS_ATTRIBUTE]->(n)-[f:FAVOURS]->(i)
    RETURN [u, n] AS nodes, [h, f] AS hops
  UNION ALL
    WITH * WHERE row.query IS NOT NULL
    MATCH (q:Query {text: row.query})
    MATCH (u)-[s]->(q)-[f:FINDS]->(i)
    WHERE $at IS NULL OR s.at <= $at
    RETURN [u, q] AS nodes, [s, f] AS hops
    ORDER BY coalesce(s.at, never) DESC LIMIT 1
  }
  RETURN head(collect(nodes)) AS nodes, head(collect(hops)) AS hops
}
WITH rank,
     [n IN nodes | {label: head(labels(n)), key: coalesce(n.user_id, n.item_id, n.name, n.kind + '=' + n.value, n.text),
                    title: coalesce(n.title, n.label, n.value, n.text)}] AS nodes,
     [h IN hops | {type: type(h), properties: properties(h)}] AS hops
RETURN collect([rank, nodes, hops]) AS items
