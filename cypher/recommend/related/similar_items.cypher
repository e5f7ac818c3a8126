// Purpose: items similar to one item: first by behaviour (SIMILAR_TO), then the nearest by content embedding.
// Access: read
// Parameters: item_id STRING, k INTEGER
// Returns: item_id STRING, title STRING, score FLOAT, by STRING
// Index: item_id (constraint), item_content (vector)
MATCH (item:Item {item_id: $item_id})
CALL (item) {
  MATCH (item)-[s:SIMILAR_TO]->(i:Item)
  RETURN i, s.score AS score, 0 AS level
UNION ALL
  WITH item WHERE item.content_embedding IS NOT NULL
  CALL db.index.vector.queryNodes('item_content', $k + 1, item.content_embedding) YIELD node AS i, score
  WITH i, score WHERE i <> item
  RETURN i, 2 * score - 1 AS score, 1 AS level
}
WITH i, level, score ORDER BY level, score DESC
WITH i, head(collect({level: level, score: score})) AS best
RETURN i.item_id AS item_id, i.title AS title, best.score AS score,
       CASE best.level WHEN 0 THEN 'behaviour' ELSE 'content' END AS by
ORDER BY best.level, score DESC, item_id
LIMIT $k
