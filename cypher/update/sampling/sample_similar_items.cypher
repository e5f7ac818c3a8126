// Purpose: the most similar items of seed items with their scores, as columns.
// Access: read
// Parameters: item_ids LIST<STRING>, fan_out INTEGER
// Returns: positions LIST<INTEGER>, similar LIST<STRING>, scores LIST<FLOAT>
// Index: item_id (constraint)
UNWIND range(0, size($item_ids) - 1) AS position
MATCH (i:Item {item_id: $item_ids[position]})
CALL (i) {
  MATCH (i)-[s:SIMILAR_TO]->(j:Item)
  RETURN j.item_id AS other, s.score AS score
  ORDER BY score DESC, other
  LIMIT $fan_out
}
RETURN collect(position) AS positions, collect(other) AS similar, collect(toFloat(score)) AS scores
