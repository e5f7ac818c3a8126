// Purpose: the API key of the session with this hash, if the session has not expired and the key is in force.
// Access: read
// Parameters: session_hash STRING
// Returns: key_hash STRING, name STRING, scopes LIST<STRING>
// Index: session_hash (constraint), key_hash (constraint)
MATCH (s:Session {session_hash: $session_hash})
WHERE s.expires_at > datetime()
MATCH (k:ApiKey {key_hash: s.key_hash})
WHERE k.revoked_at IS NULL
RETURN k.key_hash AS key_hash, k.name AS name, k.scopes AS scopes
