// Purpose: which schema file was applied last, and the behaviour types that have their constraint.
// Access: read
// Parameters: none
// Returns: version INTEGER, types LIST<STRING>
// Index: schema_name (constraint)
MATCH (s:Schema {name: 'interestgraph'})
RETURN s.version AS version, s.types AS types
