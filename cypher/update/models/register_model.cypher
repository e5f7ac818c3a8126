// Purpose: store a trained model in the registry, not active yet. columns: its blend as lists, which Cypher can read, as
// `graphstore.ranking.blend.Blend.columns` returns them.
// Access: write
// Parameters: version STRING, family STRING, configuration STRING, metrics STRING, dimension INTEGER, blend STRING, blend_hash STRING, columns MAP, trained_at DATETIME
// Returns: nothing
// Index: model_version (constraint)
MERGE (m:Model {version: $version})
ON CREATE SET m.active = false
SET m.family = $family, m.configuration = $configuration, m.metrics = $metrics, m.dimension = $dimension,
    m.blend = $blend, m.blend_hash = $blend_hash, m.trained_at = $trained_at, m += $columns
