// Purpose: the attributes of items, each with the place of its item in the list, to tell how alike these are where there
// are no vectors.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: position INTEGER, attribute STRING
// Index: item_id (constraint)
UNWIND range(0, size($item_ids) - 1) AS position
MATCH (i:Item {item_id: $item_ids[position]})-[:HAS_ATTRIBUTE]->(a:Attribute)
RETURN position, a.kind + '=' + a.value AS attribute
ORDER BY position, attribute
