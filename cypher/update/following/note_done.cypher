// Purpose: record that all changes before a time are derived, and the build and penalties that were used.
// done: milliseconds since 1970, by the server's clock.
// Access: write
// Parameters: done INTEGER, build STRING, penalties LIST<FLOAT>
// Returns: nothing
// Index: feed_name (constraint)
MERGE (f:Feed {name: 'neighbourhoods'})
SET f.done = $done, f.build = $build, f.penalties = $penalties
