// Purpose: what the last neighbourhood worker noted; no row where there was none.
// done: milliseconds since 1970; all that changed before is derived.
// Access: read
// Parameters: none
// Returns: done INTEGER, build STRING, penalties LIST<FLOAT>
// Index: feed_name (constraint)
MATCH (f:Feed {name: 'neighbourhoods'})
RETURN coalesce(f.done, 0) AS done, f.build AS build, coalesce(f.penalties, []) AS penalties
