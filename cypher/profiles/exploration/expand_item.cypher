// Purpose: neighbours of an item: interests, attributes, similar and following items, users; a few of each.
// Access: read
// Parameters: key STRING, count INTEGER
// Returns: label STRING, key STRING, title STRING, type STRING, outgoing BOOLEAN, weight FLOAT, detail STRING
// Index: item_id (constraint)
MATCH (i:Item {item_id: $key})
CALL (i) {
  MATCH (i)-[r:ABOUT]->(n:Interest)
  RETURN 'Interest' AS label, n.name AS key, coalesce(n.label, n.name) AS title, type(r) AS type, true AS outgoing,
         r.weight AS weight, r.extracted_by AS detail
  ORDER BY weight DESC, key LIMIT $count
  UNION ALL
  MATCH (i)-[r:HAS_ATTRIBUTE]->(a:Attribute)
  RETURN 'Attribute' AS label, a.kind + '=' + a.value AS key, a.value AS title, type(r) AS type, true AS outgoing,
         null AS weight, a.kind AS detail
  ORDER BY key LIMIT $count
  UNION ALL
  MATCH (i)-[r:SIMILAR_TO|FOLLOWED_BY]->(o:Item)
  RETURN 'Item' AS label, o.item_id AS key, coalesce(o.title, o.item_id) AS title, type(r) AS type, true AS outgoing,
         r.score AS weight, r.by AS detail
  ORDER BY weight DESC, key LIMIT $count
  UNION ALL
  MATCH (i)<-[r]-(u:User)
  WITH r, u, coalesce(r.at, datetime({year: 1})) AS moment ORDER BY moment DESC, r.event_id LIMIT $count / 2
  RETURN 'User' AS label, u.user_id AS key, u.user_id AS title, type(r) AS type, false AS outgoing, r.value AS weight,
         toString(r.at) AS detail
}
RETURN label, key, title, type, outgoing, weight, detail
