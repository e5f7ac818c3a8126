// Purpose: items whose title or description match a full-text query, best first.
// Access: read
// Parameters: text STRING, count INTEGER
// Returns: item_id STRING, title STRING, kind STRING, description STRING, score FLOAT
// Index: item_text (full-text)
CALL db.index.fulltext.queryNodes('item_text', $text, {limit: $count}) YIELD node, score
RETURN node.item_id AS item_id, node.title AS title, node.kind AS kind, node.description AS description, score
ORDER BY score DESC, item_id
LIMIT $count
