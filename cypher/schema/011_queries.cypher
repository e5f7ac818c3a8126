// Purpose: unique texts of queries: what users searched for, in canonical form.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE CONSTRAINT query_text IF NOT EXISTS FOR (n:Query) REQUIRE n.text IS UNIQUE;
