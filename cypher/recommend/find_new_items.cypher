// Purpose: items that are new, which behaviour says little or nothing of, with what their content says to one user: how
// near their vector is, and how much they are about the user's open interests.
// below: ln of the number of events that make an item known; an item without events is always new.
// options: people, scanned, new_items (see RecommendOptions).
// Access: read
// Parameters: user_id STRING, vector LIST<FLOAT>, below FLOAT, options MAP
// Returns: item_ids LIST<STRING>, cosines LIST<FLOAT>, likings LIST<FLOAT>
// Index: user_id (constraint), item_new
MATCH (u:User {user_id: $user_id})
CALL (u) {
  MATCH (u)-->(i:Item)
  RETURN collect(DISTINCT i) AS seen
}
CALL (u, seen) {
  MATCH (i:Item {is_new: true})
  WHERE (i.ever_popular IS NULL OR i.ever_popular < $below) AND NOT i IN seen
  WITH i ORDER BY i.touched_at DESC, i.item_id LIMIT $options.new_items
  RETURN i, 0.0 AS liking
UNION ALL
  WITH u, seen
  MATCH (u)-[r:INTERESTED_IN]->(n:Interest) WHERE r.valid_to IS NULL
  WITH seen, n, sum(CASE r.polarity WHEN 'dislikes' THEN -r.weight ELSE r.weight END) AS weight
  ORDER BY abs(weight) DESC, n.name LIMIT $options.people
  CALL (n) {
    MATCH (n)<-[a:ABOUT]-(i:Item)
    RETURN a, i LIMIT $options.scanned
  }
  WITH seen, i, weight, a
  WHERE i.is_new AND (i.ever_popular IS NULL OR i.ever_popular < $below) AND NOT i IN seen
  RETURN i, weight * a.weight AS liking
}
WITH i, sum(liking) AS liking
WITH i, liking, CASE WHEN i.embedding IS NULL OR size($vector) = 0 THEN 0.0
                     ELSE 2 * vector.similarity.cosine(i.embedding, $vector) - 1 END AS cosine
WHERE liking > 0 OR cosine > 0
WITH i, liking, cosine ORDER BY i.item_id
RETURN collect(i.item_id) AS item_ids, collect(cosine) AS cosines, collect(liking) AS likings
