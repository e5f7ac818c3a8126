// Purpose: the index of low-priority marks of users (`idle_due`).
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE INDEX user_idle_due IF NOT EXISTS FOR (n:User) ON (n.idle_due);
