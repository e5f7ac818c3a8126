// Purpose: the relationship types in the graph.
// Access: read
// Parameters: none
// Returns: types LIST<STRING>
// Index: none
CALL db.relationshipTypes() YIELD relationshipType
RETURN collect(relationshipType) AS types
