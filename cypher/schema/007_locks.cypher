// Purpose: keys of users and items that are held by a transaction; no such node is ever stored (see collect/lock_nodes).
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE CONSTRAINT lock_key IF NOT EXISTS FOR (n:Lock) REQUIRE n.key IS UNIQUE;
