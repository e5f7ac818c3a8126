// Purpose: mark users to be looked at after a while, where they have no mark: what they depend on has changed.
// Access: write
// Parameters: user_ids LIST<STRING>, millis INTEGER
// Returns: marked INTEGER
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (u:User {user_id: user_id})
WHERE u.due IS NULL AND u.idle_due IS NULL
SET u.idle_due = timestamp() + $millis
RETURN count(*) AS marked
