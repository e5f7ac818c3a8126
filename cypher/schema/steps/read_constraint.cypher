// Purpose: the constraint of this name, if it exists.
// Access: read
// Parameters: name STRING
// Returns: name STRING
// Index: none
SHOW CONSTRAINTS YIELD name
WHERE name = $name
RETURN name
