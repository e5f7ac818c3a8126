// Purpose: how much each signal counts under a model, and how it reads a user's history, as JSON.
// Access: read
// Parameters: version STRING
// Returns: blend STRING
// Index: model_version (constraint)
MATCH (m:Model {version: $version})
RETURN m.blend AS blend
