// Purpose: neighbours of an interest: items about it, users who have it, broader and narrower interests.
// Access: read
// Parameters: key STRING, count INTEGER
// Returns: label STRING, key STRING, title STRING, type STRING, outgoing BOOLEAN, weight FLOAT, detail STRING
// Index: interest_name (constraint)
MATCH (n:Interest {name: $key})
CALL (n) {
  MATCH (n)<-[r:ABOUT]-(i:Item)
  RETURN 'Item' AS label, i.item_id AS key, coalesce(i.title, i.item_id) AS title, type(r) AS type, false AS outgoing,
         r.weight AS weight, r.extracted_by AS detail
  ORDER BY weight DESC, key LIMIT $count
  UNION ALL
  MATCH (n)-[r:BROADER]-(o:Interest)
  RETURN 'Interest' AS label, o.name AS key, coalesce(o.label, o.name) AS title, type(r) AS type,
         startNode(r) = n AS outgoing, r.score AS weight, null AS detail
  ORDER BY weight DESC, key LIMIT $count
  UNION ALL
  MATCH (n)<-[r:INTERESTED_IN]-(u:User)
  WHERE r.valid_to IS NULL
  RETURN 'User' AS label, u.user_id AS key, u.user_id AS title, type(r) AS type, false AS outgoing, r.weight AS weight,
         r.polarity + ', ' + r.horizon AS detail
  ORDER BY weight DESC, key LIMIT $count / 2
}
RETURN label, key, title, type, outgoing, weight, detail
