// Purpose: items similar to one item: first by behaviour (SIMILAR_TO), then the nearest by content embedding. An item
// that `extract` has not read yet has neither; of it, items with the same attributes and words, by half the Jaccard
// coefficient of attributes plus half the full-text score (of the best, 1).
// text: a full-text query of the item's words, '' for none.  scanned: attributes of more items are not looked through.
// found, nearest: how many items the full-text and the vector index are asked for. The same for each k, so that a
// shorter list is the head of a longer one.
// Access: read
// Parameters: item_id STRING, k INTEGER, text STRING, scanned INTEGER, found INTEGER, nearest INTEGER
// Returns: item_id STRING, title STRING, score FLOAT, by STRING
// Index: item_id (constraint), item_content (vector), item_text (full-text)
MATCH (item:Item {item_id: $item_id})
CALL (item) {
  MATCH (item)-[s:SIMILAR_TO]->(i:Item)
  RETURN i, s.score AS score, 0 AS level
UNION ALL
  WITH item WHERE item.content_embedding IS NOT NULL
  CALL db.index.vector.queryNodes('item_content', $nearest, item.content_embedding) YIELD node AS i, score
  WITH i, score WHERE i <> item
  RETURN i, 2 * score - 1 AS score, 1 AS level
UNION ALL
  WITH item WHERE item.content_embedding IS NULL
  CALL (item) {
    MATCH (item)-[:HAS_ATTRIBUTE]->(a:Attribute)
    WHERE COUNT { (a)<-[:HAS_ATTRIBUTE]-() } <= $scanned
    MATCH (a)<-[:HAS_ATTRIBUTE]-(i:Item)
    WHERE i <> item
    WITH item, i, count(a) AS shared
    RETURN i, 0.5 * shared / (COUNT { (item)-[:HAS_ATTRIBUTE]->() } + COUNT { (i)-[:HAS_ATTRIBUTE]->() } - shared) AS score
  UNION ALL
    WITH item WHERE $text <> ''
    CALL db.index.fulltext.queryNodes('item_text', $text, {limit: $found}) YIELD node, score
    WITH item, collect({i: node, score: score}) AS found, max(CASE WHEN node <> item THEN score END) AS best
    UNWIND [one IN found WHERE one.i <> item] AS one
    RETURN one.i AS i, 0.5 * one.score / best AS score
  }
  RETURN i, sum(score) AS score, 2 AS level
}
WITH i, level, score ORDER BY level, score DESC
WITH i, head(collect({level: level, score: score})) AS best
RETURN i.item_id AS item_id, i.title AS title, best.score AS score,
       ['behaviour', 'content', 'description'][best.level] AS by
ORDER BY best.level, score DESC, item_id
LIMIT $k
