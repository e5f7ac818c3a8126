// Purpose: the index of new items, which have few events.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE INDEX item_new IF NOT EXISTS FOR (n:Item) ON (n.is_new);
