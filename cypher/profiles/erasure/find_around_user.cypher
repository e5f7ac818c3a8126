// Purpose: the users, items and queries that erasing a user changes, to lock them: the user, users with a tie or a
// similarity to them, items of their events, and queries that they searched for.
// Access: read
// Parameters: user_id STRING
// Returns: user_ids LIST<STRING>, item_ids LIST<STRING>, texts LIST<STRING>
// Index: user_id (constraint)
MATCH (u:User {user_id: $user_id})
RETURN [$user_id] + COLLECT { MATCH (u)--(other:User) RETURN DISTINCT other.user_id } AS user_ids,
       COLLECT { MATCH (u)-->(i:Item) RETURN DISTINCT i.item_id } AS item_ids,
       COLLECT { MATCH (u)-->(q:Query) RETURN DISTINCT q.text } AS texts
