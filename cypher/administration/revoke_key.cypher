// Purpose: revoke the key of this name that is in force.
// Access: write
// Parameters: name STRING
// Returns: name STRING
// Index: none
// Scan: there are few keys
MATCH (k:ApiKey)
WHERE k.name = $name AND k.revoked_at IS NULL
SET k.revoked_at = datetime()
RETURN k.name AS name
