// Purpose: give up the lead of the neighbourhood worker.
// Access: write
// Parameters: lease STRING
// Returns: nothing
// Index: feed_name (constraint)
MATCH (f:Feed {name: 'neighbourhoods'})
WHERE f.lease = $lease
REMOVE f.lease, f.until
