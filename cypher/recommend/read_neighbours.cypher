// Purpose: what goes with items and what is chosen after them, with both scores, a row an item, as columns: the first
// `similar` of the targets and scores are of SIMILAR_TO, the others of FOLLOWED_BY.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: item_id STRING, similar INTEGER, targets LIST<STRING>, scores LIST<FLOAT>, recent_scores LIST<FLOAT>
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
CALL (i) {
  OPTIONAL MATCH (i)-[s:SIMILAR_TO]->(j:Item)
  RETURN collect(j.item_id) AS similar, collect(toFloat(s.score)) AS similar_scores,
         [x IN collect(s) | coalesce(toFloat(x.recent_score), 0.0)] AS similar_recently
}
CALL (i) {
  OPTIONAL MATCH (i)-[s:FOLLOWED_BY]->(j:Item)
  RETURN collect(j.item_id) AS next, collect(toFloat(s.score)) AS next_scores,
         [x IN collect(s) | coalesce(toFloat(x.recent_score), 0.0)] AS next_recently
}
RETURN i.item_id AS item_id, size(similar) AS similar, similar + next AS targets,
       similar_scores + next_scores AS scores, similar_recently + next_recently AS recent_scores
