// Purpose: the API key with this hash, if it is in force.
// Access: read
// Parameters: key_hash STRING
// Returns: key_hash STRING, name STRING, scopes LIST<STRING>
// Index: key_hash (constraint)
MATCH (k:ApiKey {key_hash: $key_hash})
WHERE k.revoked_at IS NULL
RETURN k.key_hash AS key_hash, k.name AS name, k.scopes AS scopes
