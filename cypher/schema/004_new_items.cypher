// Purpose: the index by which items are found that behaviour says little of yet.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE INDEX item_new IF NOT EXISTS FOR (n:Item) ON (n.is_new);
