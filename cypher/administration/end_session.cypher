// Purpose: remove the session with this hash.
// Access: write
// Parameters: session_hash STRING
// Returns: nothing
// Index: session_hash (constraint)
MATCH (s:Session {session_hash: $session_hash})
DETACH DELETE s
