// Purpose: the blend of a model as lists, which Cypher can read, as `graphstore.ranking.blend.Blend.columns` returns them.
// Access: write
// Parameters: version STRING, columns MAP
// Returns: nothing
// Index: model_version (constraint)
MATCH (m:Model {version: $version})
SET m += $columns
