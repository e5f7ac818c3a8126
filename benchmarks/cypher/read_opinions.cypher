// The ratings of a user by item, whether they disliked it, and the highest rating of the graph.
CALL () {
  MATCH (:User)-[r:RATED]->(:Item)
  RETURN max(toFloat(r.value)) AS highest
}
MATCH (u:User {user_id: $user_id})-[b]->(i:Item)
RETURN i.item_id AS item_id, [v IN collect(CASE type(b) WHEN 'RATED' THEN toFloat(b.value) END) WHERE v IS NOT NULL] AS values,
       any(t IN collect(type(b)) WHERE t = 'DISLIKED') AS disliked, coalesce(highest, 0.0) AS highest
