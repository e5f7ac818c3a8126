// Purpose: store a new API key by its hash, unless a key of that name is in force.
// Access: write
// Parameters: key_hash STRING, name STRING, scopes LIST<STRING>
// Returns: name STRING
// Index: key_hash (constraint)
// Scan: there are few keys
OPTIONAL MATCH (taken:ApiKey)
WHERE taken.name = $name AND taken.revoked_at IS NULL
WITH count(taken) AS taken
WHERE taken = 0
MERGE (k:ApiKey {key_hash: $key_hash})
ON CREATE SET k.name = $name, k.scopes = $scopes, k.created_at = datetime()
RETURN k.name AS name
