// Purpose: the users and items that erasing a user changes, to lock them: the user, users with a tie or a similarity to
// them, and items of their events.
// Access: read
// Parameters: user_id STRING
// Returns: user_ids LIST<STRING>, item_ids LIST<STRING>
// Index: user_id (constraint)
MATCH (u:User {user_id: $user_id})
RETURN [$user_id] + COLLECT { MATCH (u)--(other:User) RETURN DISTINCT other.user_id } AS user_ids,
       COLLECT { MATCH (u)-->(i:Item) RETURN DISTINCT i.item_id } AS item_ids
