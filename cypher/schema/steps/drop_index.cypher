// Purpose: drop one index by name, so that it can be created again from the data.
// Access: schema
// Parameters: name STRING
// Returns: nothing
// Index: none
DROP INDEX $name IF EXISTS
