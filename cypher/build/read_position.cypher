// Purpose: the position of the feed at the start of a build: its latest number, and the number of erasures.
// Access: read
// Parameters: none
// Returns: seq INTEGER, epoch INTEGER
// Index: feed_name (constraint)
OPTIONAL MATCH (f:Feed {name: 'changes'})
RETURN coalesce(f.seq, 0) AS seq, coalesce(f.epoch, 0) AS epoch
