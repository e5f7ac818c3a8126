// Purpose: make one model the active one, and no other.
// Access: write
// Parameters: version STRING
// Returns: version STRING
// Index: model_version (constraint)
// Scan: the registry holds a few models.
MATCH (m:Model)
SET m.active = (m.version = $version)
WITH m WHERE m.active
RETURN m.version AS version
