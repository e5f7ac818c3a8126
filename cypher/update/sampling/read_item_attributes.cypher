// Purpose: attributes of items, as columns.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: positions LIST<INTEGER>, keys LIST<STRING>
// Index: item_id (constraint)
UNWIND range(0, size($item_ids) - 1) AS position
MATCH (i:Item {item_id: $item_ids[position]})-[:HAS_ATTRIBUTE]->(a:Attribute)
WITH position, a.kind + '=' + a.value AS key
ORDER BY position, key
RETURN collect(position) AS positions, collect(key) AS keys
