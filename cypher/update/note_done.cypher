// Purpose: everything that was touched before a moment has been looked at.
// done: milliseconds since 1970, of this server's clock.
// Access: write
// Parameters: lease STRING, done INTEGER
// Returns: nothing
// Index: feed_name (constraint)
MATCH (f:Feed {name: 'neighbourhoods'})
WHERE f.lease = $lease
SET f.done = $done
