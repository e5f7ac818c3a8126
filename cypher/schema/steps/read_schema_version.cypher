// Purpose: the number of the last schema file that was applied, and the types of behaviour that have their constraint.
// Access: read
// Parameters: none
// Returns: version INTEGER, types LIST<STRING>
// Index: schema_name (constraint)
MATCH (s:Schema {name: 'interestgraph'})
RETURN s.version AS version, s.types AS types
