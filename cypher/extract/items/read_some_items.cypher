// Purpose: some items with their text and attributes.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: item_id STRING, title STRING, description STRING, attributes LIST<LIST<STRING>>, content_hash STRING, row_hash STRING
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
RETURN i.item_id AS item_id, i.title AS title, i.description AS description,
       COLLECT { MATCH (i)-[:HAS_ATTRIBUTE]->(a:Attribute) RETURN [a.kind, a.value] ORDER BY a.kind, a.value }
         AS attributes,
       i.content_hash AS content_hash, i.row_hash AS row_hash
ORDER BY item_id
