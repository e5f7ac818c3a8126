// Purpose: what the paths from the user to recommended items consist of, in one row, each list in one column, which costs
// a client less than many rows.
// wanted: lists of what to read, in a map, as a plan is made for each combination of the lengths of lists that are parameters:
// item_ids: the recommended items; present: those of them that are in the graph.
// sources: items of the user; events: the user's latest event on each.  edges: triples of an item, SIMILAR_TO or FOLLOWED_BY,
// and an item; similar: these relationships.  interests, attributes: pairs of an item and an interest, triples of an item and
// kind and value of an attribute; about, having: the relationships from the one to the other.
// rows: paths through no item of the user, maps with item_id and person and tie (FOLLOWS or SIMILAR_TO); or interest;
// or kind and value, of an attribute of the user that favours the item; or query, what the user searched.
// others: lists of the position in rows, nodes and hops; null without such a path.
// Times are seconds since 1970 and nanoseconds: a client takes long to make dates.
// unwanted: types of behaviour that express dislike.
// at: only events up to this moment and interests and ties of it (null for now); relationships between items, similar
// users and attributes are those of today.
// Access: read
// Parameters: user_id STRING, wanted MAP, unwanted LIST<STRING>, at DATETIME
// Returns: present LIST<STRING>, user MAP, events LIST<LIST<ANY>>, similar LIST<LIST<ANY>>, about LIST<LIST<ANY>>, having LIST<LIST<ANY>>, others LIST<LIST<ANY>>
// Index: user_id (constraint), item_id (constraint), interest_name (constraint), attribute_key (constraint), query_text (constraint)
WITH datetime({epochMillis: 0}) AS never, COLLECT { MATCH (i:Item) WHERE i.item_id IN $wanted.item_ids RETURN i.item_id } AS present
OPTIONAL MATCH (u:User {user_id: $user_id})
CALL (u, never) {
  UNWIND $wanted.sources AS source
  MATCH (i:Item {item_id: source})
  CALL (u, i, never) {
    MATCH (u)-[b]->(i)
    WHERE $at IS NULL OR b.at <= $at
    RETURN b ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT 1
  }
  RETURN collect([source, type(b), b {.*, at: [b.at.epochSeconds, b.at.nanosecond]}]) AS events
}
CALL (u) {
  UNWIND $wanted.edges AS edge
  MATCH (source:Item {item_id: edge[0]})
  WITH edge, source
  MATCH (i:Item {item_id: edge[2]})
  WITH edge, source, i
  MATCH (source)-[s:SIMILAR_TO|FOLLOWED_BY]->(i)
  WHERE type(s) = edge[1]
  RETURN collect([edge[0], edge[1], edge[2], s {.*, computed_at: [s.computed_at.epochSeconds, s.computed_at.nanosecond]}]) AS similar
}
CALL (u) {
  UNWIND $wanted.interests AS pair
  MATCH (i:Item {item_id: pair[0]})
  WITH pair, i
  MATCH (n:Interest {name: pair[1]})
  WITH pair, i, n
  MATCH (i)-[a:ABOUT]->(n)
  RETURN collect([pair[0], n.name, n.label, properties(a)]) AS about
}
CALL (u) {
  UNWIND $wanted.attributes AS triple
  MATCH (i:Item {item_id: triple[0]})
  WITH triple, i
  MATCH (n:Attribute {kind: triple[1], value: triple[2]})
  WITH triple, i, n
  MATCH (i)-[a:HAS_ATTRIBUTE]->(n)
  RETURN collect([triple[0], n.kind + '=' + n.value, n.value, properties(a)]) AS having
}
CALL (u, never) {
  UNWIND range(0, size($wanted.rows) - 1) AS rank
  WITH u, never, rank, $wanted.rows[rank] AS row
  MATCH (i:Item {item_id: row.item_id})
  CALL (u, i, row, never) {
    WITH * WHERE row.interest IS NOT NULL
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
    WITH * WHERE row.kind IS NOT NULL
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
  WITH rank,
       [n IN nodes | {label: head(labels(n)), key: coalesce(n.user_id, n.item_id, n.name, n.kind + '=' + n.value, n.text),
                      title: coalesce(n.title, n.label, n.value, n.text)}] AS nodes,
       [h IN hops | {type: type(h), properties: h {.*, at: [h.at.epochSeconds, h.at.nanosecond],
                     computed_at: [h.computed_at.epochSeconds, h.computed_at.nanosecond]}}] AS hops
  RETURN collect([rank, nodes, hops]) AS others
}
RETURN present, {label: 'User', key: $user_id, title: coalesce(u.title, u.label, u.value, u.text)} AS user,
       events, similar, about, having, others
