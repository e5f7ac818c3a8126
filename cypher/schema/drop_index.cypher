// Purpose: drop one index by name, to build it anew; the data it was built from stays.
// Access: schema
// Parameters: name STRING
// Returns: nothing
// Index: none
DROP INDEX $name IF EXISTS
