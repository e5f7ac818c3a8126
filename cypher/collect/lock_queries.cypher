// Purpose: lock queries until the end of the transaction, ordered by text, after users and items (see lock_nodes).
// Access: write
// Parameters: texts LIST<STRING>
// Returns: nothing
// Index: lock_key (constraint)
UNWIND $texts AS text
WITH DISTINCT text
ORDER BY text
CREATE (l:Lock {key: 'Query ' + text})
DELETE l
