// Purpose: neighbours of an attribute: items and users that have it, items that its users favour.
// Access: read
// Parameters: kind STRING, value STRING, count INTEGER
// Returns: label STRING, key STRING, title STRING, type STRING, outgoing BOOLEAN, weight FLOAT, detail STRING
// Index: attribute_key (constraint)
MATCH (a:Attribute {kind: $kind, value: $value})
CALL (a) {
  MATCH (a)<-[r:HAS_ATTRIBUTE]-(i:Item)
  RETURN 'Item' AS label, i.item_id AS key, coalesce(i.title, i.item_id) AS title, type(r) AS type, false AS outgoing,
         null AS weight, null AS detail
  ORDER BY i.popularity DESC, key LIMIT $count
  UNION ALL
  MATCH (a)-[r:FAVOURS]->(i:Item)
  RETURN 'Item' AS label, i.item_id AS key, coalesce(i.title, i.item_id) AS title, type(r) AS type, true AS outgoing,
         r.score AS weight, null AS detail
  ORDER BY weight DESC, key LIMIT $count
  UNION ALL
  MATCH (a)<-[r:HAS_ATTRIBUTE]-(u:User)
  RETURN 'User' AS label, u.user_id AS key, u.user_id AS title, type(r) AS type, false AS outgoing, null AS weight,
         null AS detail
  ORDER BY key LIMIT $count / 2
}
RETURN label, key, title, type, outgoing, weight, detail
