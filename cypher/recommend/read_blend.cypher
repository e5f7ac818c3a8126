// Purpose: the blend (weights of the signals) and readout of a model, as JSON.
// Access: read
// Parameters: version STRING
// Returns: blend STRING
// Index: model_version (constraint)
MATCH (m:Model {version: $version})
RETURN m.blend AS blend
