// Purpose: the latest number of the feed.
// Access: read
// Parameters: none
// Returns: seq INTEGER
// Index: feed_name (constraint)
OPTIONAL MATCH (f:Feed {name: 'changes'})
RETURN coalesce(f.seq, 0) AS seq
