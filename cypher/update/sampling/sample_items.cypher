// Purpose: the neighbourhood of seed items as columns: attributes, and the most similar items with their scores.
// Access: read
// Parameters: item_ids LIST<STRING>, fan_out INTEGER
// Returns: attribute_positions LIST<INTEGER>, attribute_keys LIST<STRING>, similar_positions LIST<INTEGER>, similar LIST<STRING>, scores LIST<FLOAT>
// Index: item_id (constraint)
CALL () {
  UNWIND range(0, size($item_ids) - 1) AS position
  MATCH (i:Item {item_id: $item_ids[position]})-[:HAS_ATTRIBUTE]->(a:Attribute)
  WITH position, a.kind + '=' + a.value AS key
  ORDER BY position, key
  RETURN collect(position) AS attribute_positions, collect(key) AS attribute_keys
}
CALL () {
  UNWIND range(0, size($item_ids) - 1) AS position
  MATCH (i:Item {item_id: $item_ids[position]})
  CALL (i) {
    MATCH (i)-[s:SIMILAR_TO]->(j:Item)
    RETURN j.item_id AS other, s.score AS score
    ORDER BY score DESC, other
    LIMIT $fan_out
  }
  RETURN collect(position) AS similar_positions, collect(other) AS similar, collect(toFloat(score)) AS scores
}
RETURN attribute_positions, attribute_keys, similar_positions, similar, scores
