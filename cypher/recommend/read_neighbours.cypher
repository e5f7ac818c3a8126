// Purpose: neighbours of items with scores, in one row, which costs a client less than many rows.
// items: for each item its position in `item_ids`, the number of similar items, and columns (targets, scores, recent
// scores), those of SIMILAR_TO before those of FOLLOWED_BY. Empty columns for an item that is not there.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: items LIST<LIST<ANY>>
// Index: item_id (constraint)
UNWIND range(0, size($item_ids) - 1) AS place
OPTIONAL MATCH (i:Item {item_id: $item_ids[place]})
CALL (i) {
  OPTIONAL MATCH (i)-[s:SIMILAR_TO]->(j:Item)
  RETURN collect(j.item_id) AS similar, [x IN collect(s) | coalesce(toFloat(x.score), 0.0)] AS similar_scores,
         [x IN collect(s) | coalesce(toFloat(x.recent_score), 0.0)] AS similar_recently
}
CALL (i) {
  OPTIONAL MATCH (i)-[s:FOLLOWED_BY]->(j:Item)
  RETURN collect(j.item_id) AS next, [x IN collect(s) | coalesce(toFloat(x.score), 0.0)] AS next_scores,
         [x IN collect(s) | coalesce(toFloat(x.recent_score), 0.0)] AS next_recently
}
RETURN collect([place, size(similar), similar + next, similar_scores + next_scores,
                similar_recently + next_recently]) AS items
