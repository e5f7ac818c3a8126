// Purpose: become or stay the only neighbourhood worker, for a time.
// Access: write
// Parameters: lease STRING, millis INTEGER
// Returns: leads BOOLEAN, done INTEGER, build STRING, penalties LIST<FLOAT>
// Index: feed_name (constraint)
MERGE (f:Feed {name: 'neighbourhoods'})
SET f.asked_at = timestamp()
WITH f, f.lease IS NULL OR f.lease = $lease OR f.until < timestamp() AS leads
FOREACH (_ IN CASE WHEN leads THEN [1] ELSE [] END | SET f.lease = $lease, f.until = timestamp() + $millis)
RETURN leads, coalesce(f.done, 0) AS done, f.build AS build, coalesce(f.penalties, []) AS penalties
