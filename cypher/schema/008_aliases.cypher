// Purpose: names that a language model gave and that were taken for interests of another name.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE CONSTRAINT alias_name IF NOT EXISTS FOR (n:Alias) REQUIRE n.name IS UNIQUE;
