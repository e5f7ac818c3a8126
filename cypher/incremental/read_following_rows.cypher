// Purpose: the stored FOLLOWED_BY of some items, by source.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: source STRING, targets LIST<STRING>, scores LIST<FLOAT>, recent_scores LIST<FLOAT>
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (a:Item {item_id: item_id})
CALL (a) {
  MATCH (a)-[s:FOLLOWED_BY]->(b:Item)
  RETURN collect(b.item_id) AS targets, collect(coalesce(s.score, 0.0)) AS scores,
         collect(coalesce(s.recent_score, 0.0)) AS recent_scores
}
RETURN item_id AS source, targets, scores, recent_scores
