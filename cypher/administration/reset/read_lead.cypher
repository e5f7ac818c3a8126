// Purpose: for how long the neighbourhood worker of `update --follow` has the lead, in milliseconds; no row: none has.
// Access: read
// Parameters: none
// Returns: millis INTEGER
// Index: feed_name (constraint)
MATCH (f:Feed {name: 'neighbourhoods'})
WHERE f.until > timestamp()
RETURN f.until - timestamp() AS millis
