// Purpose: whether a constraint of this name exists.
// Access: read
// Parameters: name STRING
// Returns: name STRING
// Index: none
SHOW CONSTRAINTS YIELD name
WHERE name = $name
RETURN name
