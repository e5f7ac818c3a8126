// Purpose: one item by id, with its text; no row if there is none.
// Access: read
// Parameters: item_id STRING
// Returns: item_id STRING, title STRING, description STRING
// Index: item_id (constraint)
MATCH (n:Item {item_id: $item_id})
RETURN n.item_id AS item_id, n.title AS title, n.description AS description
