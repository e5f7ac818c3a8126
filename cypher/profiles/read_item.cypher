// Purpose: one item: text, attributes, interests it is about, count of events.
// Access: read
// Parameters: item_id STRING
// Returns: item_id STRING, title STRING, description STRING, kind STRING, image STRING, audio STRING, published_at STRING, described BOOLEAN, embedding_version STRING, attributes LIST<MAP>, properties LIST<LIST>, about LIST<MAP>, events INTEGER
// Index: item_id (constraint)
MATCH (i:Item {item_id: $item_id})
CALL (i) {
  OPTIONAL MATCH (i)-[:HAS_ATTRIBUTE]->(a:Attribute)
  WITH a ORDER BY a.kind, a.value
  RETURN [x IN collect(a) | {kind: x.kind, value: x.value}] AS attributes
}
CALL (i) {
  OPTIONAL MATCH (i)-[r:ABOUT]->(n:Interest)
  WITH r, n ORDER BY r.weight DESC, n.name
  RETURN [x IN collect({name: n.name, label: coalesce(n.label, n.name), weight: r.weight})
          WHERE x.name IS NOT NULL] AS about
}
RETURN i.item_id AS item_id, i.title AS title, i.description AS description, i.kind AS kind, i.image AS image,
       i.audio AS audio, toString(i.published_at) AS published_at, coalesce(i.described, false) AS described,
       i.embedding_version AS embedding_version, attributes,
       [key IN keys(i) WHERE key STARTS WITH 'own_' | [key, i[key]]] AS properties, about, COUNT { (i)<--(:User) } AS events
