// Purpose: let another keep what goes together up to date.
// Access: write
// Parameters: lease STRING
// Returns: nothing
// Index: feed_name (constraint)
MATCH (f:Feed {name: 'neighbourhoods'})
WHERE f.lease = $lease
REMOVE f.lease, f.until
