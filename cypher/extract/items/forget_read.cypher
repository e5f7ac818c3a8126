// Purpose: have `update --follow` read items again, as if their descriptions were new.
// Access: write
// Parameters: item_ids LIST<STRING>
// Returns: nothing
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
REMOVE i.read_hash
