// Purpose: unique keys of leases, by which programs that work on the graph exclude each other.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE CONSTRAINT lease_holder IF NOT EXISTS FOR (n:Lease) REQUIRE n.holder IS UNIQUE;
CREATE CONSTRAINT lock_key IF NOT EXISTS FOR (n:Lock) REQUIRE n.key IS UNIQUE;
