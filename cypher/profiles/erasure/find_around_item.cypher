// Purpose: the users and items that erasing an item changes, to lock them: the item, users with events on it, and items
// with a similarity or a transition to or from it.
// Access: read
// Parameters: item_id STRING
// Returns: user_ids LIST<STRING>, item_ids LIST<STRING>
// Index: item_id (constraint)
MATCH (i:Item {item_id: $item_id})
RETURN COLLECT { MATCH (i)<--(u:User) RETURN DISTINCT u.user_id } AS user_ids,
       [$item_id] + COLLECT { MATCH (i)--(other:Item) RETURN DISTINCT other.item_id } AS item_ids
