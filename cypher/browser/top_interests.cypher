// Top interests
// Purpose: the interests that most users have now, each with the number of users who dislike it and three items about
// it.
// In Neo4j Browser, first:  :param k => 20
// Access: read
// Parameters: k INTEGER
// Returns: interest NODE, name STRING, users INTEGER, disliked_by INTEGER, items LIST<NODE>
// Index: interest_name (constraint)
// Scan: every interest is ranked; there are thousands, not millions.
MATCH (n:Interest)
CALL (n) {
  MATCH (u:User)-[r:INTERESTED_IN]->(n)
  WHERE r.valid_to IS NULL
  RETURN count(DISTINCT CASE WHEN r.polarity = 'likes' THEN u END) AS users,
         count(DISTINCT CASE WHEN r.polarity = 'dislikes' THEN u END) AS disliked_by
}
WITH n, users, disliked_by
WHERE users > 0
ORDER BY users DESC, n.name
LIMIT toInteger($k)
CALL (n) {
  MATCH (i:Item)-[a:ABOUT]->(n)
  WITH i, max(a.weight) AS weight
  ORDER BY weight DESC, coalesce(i.popularity, 0.0) DESC, i.item_id
  LIMIT 3
  RETURN collect(i) AS items
}
RETURN n AS interest, coalesce(n.label, n.name) AS name, users, disliked_by, items
ORDER BY users DESC, n.name
