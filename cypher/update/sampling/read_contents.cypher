// Purpose: content vectors of items, as columns; items without one are left out.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: positions LIST<INTEGER>, embeddings LIST<LIST<FLOAT>>
// Index: item_id (constraint)
UNWIND range(0, size($item_ids) - 1) AS position
MATCH (i:Item {item_id: $item_ids[position]})
WHERE i.content_embedding IS NOT NULL
RETURN collect(position) AS positions, collect(i.content_embedding) AS embeddings
