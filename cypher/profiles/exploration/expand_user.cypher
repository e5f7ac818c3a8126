// Purpose: neighbours of a user: interests, latest behaviour, attributes, similar users, ties; a few of each.
// Access: read
// Parameters: key STRING, count INTEGER
// Returns: label STRING, key STRING, title STRING, type STRING, outgoing BOOLEAN, weight FLOAT, detail STRING
// Index: user_id (constraint)
MATCH (u:User {user_id: $key})
CALL (u) {
  MATCH (u)-[r:INTERESTED_IN]->(n:Interest)
  WHERE r.valid_to IS NULL
  RETURN 'Interest' AS label, n.name AS key, coalesce(n.label, n.name) AS title, type(r) AS type, true AS outgoing,
         r.weight AS weight, r.polarity + ', ' + r.horizon AS detail
  ORDER BY weight DESC, key LIMIT $count
  UNION ALL
  MATCH (u)-[r]->(i:Item)
  WITH r, i, coalesce(r.at, datetime({year: 1})) AS moment ORDER BY moment DESC, r.event_id LIMIT $count
  RETURN 'Item' AS label, i.item_id AS key, coalesce(i.title, i.item_id) AS title, type(r) AS type, true AS outgoing,
         r.value AS weight, toString(r.at) AS detail
  UNION ALL
  MATCH (u)-[r:HAS_ATTRIBUTE]->(a:Attribute)
  RETURN 'Attribute' AS label, a.kind + '=' + a.value AS key, a.value AS title, type(r) AS type, true AS outgoing,
         null AS weight, a.kind AS detail
  ORDER BY key LIMIT $count
  UNION ALL
  MATCH (u)-[r:SIMILAR_TO]->(o:User)
  RETURN 'User' AS label, o.user_id AS key, o.user_id AS title, type(r) AS type, true AS outgoing, r.score AS weight,
         r.by AS detail
  ORDER BY weight DESC, key LIMIT $count / 2
  UNION ALL
  MATCH (u)-[r:FOLLOWS]-(o:User)
  RETURN 'User' AS label, o.user_id AS key, o.user_id AS title, type(r) AS type, startNode(r) = u AS outgoing,
         null AS weight, toString(r.at) AS detail
  ORDER BY key LIMIT $count / 2
}
RETURN label, key, title, type, outgoing, weight, detail
