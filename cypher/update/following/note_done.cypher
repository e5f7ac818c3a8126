// Purpose: everything that was touched before a moment has been looked at, with these penalties, since this build.
// done: milliseconds since 1970, of this server's clock.
// Access: write
// Parameters: lease STRING, done INTEGER, build STRING, penalties LIST<FLOAT>
// Returns: nothing
// Index: feed_name (constraint)
MATCH (f:Feed {name: 'neighbourhoods'})
WHERE f.lease = $lease
SET f.done = $done, f.build = $build, f.penalties = $penalties
