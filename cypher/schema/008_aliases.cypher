// Purpose: unique names of aliases: names from a language model that stand for an interest of another name.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE CONSTRAINT alias_name IF NOT EXISTS FOR (n:Alias) REQUIRE n.name IS UNIQUE;
