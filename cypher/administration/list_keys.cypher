// Purpose: every API key, revoked ones too; never the key itself, which is not stored.
// Access: read
// Parameters: none
// Returns: name STRING, scopes LIST<STRING>, created_at STRING, revoked_at STRING
// Index: none
// Scan: an installation has a handful of keys
MATCH (k:ApiKey)
RETURN k.name AS name, k.scopes AS scopes, toString(k.created_at) AS created_at, toString(k.revoked_at) AS revoked_at
ORDER BY created_at, name
