// Purpose: attributes of items, each with the position of its item in the list, and how many items and users have it.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: position INTEGER, attribute STRING, holders INTEGER
// Index: item_id (constraint)
UNWIND range(0, size($item_ids) - 1) AS position
MATCH (i:Item {item_id: $item_ids[position]})-[:HAS_ATTRIBUTE]->(a:Attribute)
RETURN position, a.kind + '=' + a.value AS attribute, COUNT { (a)<-[:HAS_ATTRIBUTE]-() } AS holders
ORDER BY position, attribute
