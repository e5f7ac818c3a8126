// Purpose: make one model the only active one.
// Access: write
// Parameters: version STRING
// Returns: version STRING
// Index: model_version (constraint)
// Scan: there are few models.
MATCH (m:Model)
SET m.active = (m.version = $version)
WITH m WHERE m.active
RETURN m.version AS version
