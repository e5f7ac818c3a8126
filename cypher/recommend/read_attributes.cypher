// Purpose: attributes of items, each with the position of its item in the list, as vectors for diversity.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: position INTEGER, attribute STRING
// Index: item_id (constraint)
UNWIND range(0, size($item_ids) - 1) AS position
MATCH (i:Item {item_id: $item_ids[position]})-[:HAS_ATTRIBUTE]->(a:Attribute)
RETURN position, a.kind + '=' + a.value AS attribute
ORDER BY position, attribute
