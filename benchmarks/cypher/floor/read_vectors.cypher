// Purpose: the floor of one event, second: read the vectors of a neighbourhood of items.
// Parameters: item_ids LIST<STRING>
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
RETURN collect(i.embedding) AS vectors
