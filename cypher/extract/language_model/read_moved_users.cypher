// Purpose: users with enough events of whom enough came or went since a language model read them, or whom another model or
// prompt read; those with most that is new first.
// Access: read
// Parameters: by STRING, least INTEGER, moved INTEGER
// Returns: user_id STRING
// Index: none
// Scan: who has moved is known only by looking at everybody.
MATCH (u:User)
WITH u, COUNT { (u)-->(:Item) } AS events
WHERE events >= $least
WITH u, CASE WHEN u.generated_by = $by THEN abs(events - u.generated_events) ELSE events END AS moved
WHERE moved >= $moved
RETURN u.user_id AS user_id
ORDER BY moved DESC, user_id
