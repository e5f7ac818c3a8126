// Purpose: revoke the key of this name that is in force, and end its sessions.
// Access: write
// Parameters: name STRING
// Returns: name STRING
// Index: session_key_hash
// Scan: there are few keys
MATCH (k:ApiKey)
WHERE k.name = $name AND k.revoked_at IS NULL
SET k.revoked_at = datetime()
WITH k
OPTIONAL MATCH (s:Session {key_hash: k.key_hash})
DETACH DELETE s
RETURN DISTINCT k.name AS name
