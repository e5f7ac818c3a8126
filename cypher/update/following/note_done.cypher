// Purpose: record that all changes before a time are derived, the build and penalties that were used, and that the
// embeddings of items which changed before it are up to date.
// since, done: milliseconds since 1970, by the server's clock; since: of the last record.
// Access: write
// Parameters: since INTEGER, done INTEGER, build STRING, penalties LIST<FLOAT>
// Returns: nothing
// Index: feed_name (constraint), item_touched_at
MERGE (f:Feed {name: 'neighbourhoods'})
SET f.done = $done, f.build = $build, f.penalties = $penalties
WITH datetime({epochMillis: $since}) AS since, datetime({epochMillis: $done}) AS done
MATCH (i:Item)
WHERE i.touched_at >= since AND i.touched_at < done AND i.embedded_at < i.touched_at
SET i.embedded_at = done
