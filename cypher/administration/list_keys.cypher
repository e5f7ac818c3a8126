// Purpose: all API keys, revoked ones too, without the key, which is not stored.
// Access: read
// Parameters: none
// Returns: name STRING, scopes LIST<STRING>, created_at STRING, revoked_at STRING
// Index: none
// Scan: there are few keys
MATCH (k:ApiKey)
RETURN k.name AS name, k.scopes AS scopes, toString(k.created_at) AS created_at, toString(k.revoked_at) AS revoked_at
ORDER BY created_at, name
