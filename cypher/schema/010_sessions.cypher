// Purpose: unique hashes of sessions of the pages, and an index to find the sessions of a key.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE CONSTRAINT session_hash IF NOT EXISTS FOR (n:Session) REQUIRE n.session_hash IS UNIQUE;
CREATE INDEX session_key_hash IF NOT EXISTS FOR (n:Session) ON (n.key_hash);
