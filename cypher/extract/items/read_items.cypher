// Purpose: items with their text and attributes: all, or with `since` those that changed since then or were never read.
// Access: read
// Parameters: since DATETIME
// Returns: item_id STRING, title STRING, description STRING, attributes LIST<LIST<STRING>>, content_hash STRING, row_hash STRING
// Index: item_touched_at
// Scan: extraction without `since` reads the text of every item.
MATCH (i:Item)
WHERE $since IS NULL OR i.touched_at >= $since OR i.content_hash IS NULL
RETURN i.item_id AS item_id, i.title AS title, i.description AS description,
       COLLECT { MATCH (i)-[:HAS_ATTRIBUTE]->(a:Attribute) RETURN [a.kind, a.value] ORDER BY a.kind, a.value }
         AS attributes,
       i.content_hash AS content_hash, i.row_hash AS row_hash
ORDER BY item_id
