// Purpose: record that the schema files up to this version are applied.
// Access: write
// Parameters: version INTEGER, types LIST<STRING>
// Returns: nothing
// Index: schema_name (constraint)
MERGE (s:Schema {name: 'interestgraph'})
SET s.version = $version, s.types = $types, s.applied_at = datetime()
