// Purpose: marks of users that nobody waits for.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE INDEX user_idle_due IF NOT EXISTS FOR (n:User) ON (n.idle_due);
