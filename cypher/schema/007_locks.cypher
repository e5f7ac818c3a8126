// Purpose: unique keys of the locks of users and items; such nodes are never stored (see collect/lock_nodes).
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE CONSTRAINT lock_key IF NOT EXISTS FOR (n:Lock) REQUIRE n.key IS UNIQUE;
