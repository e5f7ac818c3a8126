// Purpose: users with enough events and searches of which enough are new or deleted since a language model read them, or who were
// read by another model or prompt; most changed events first.
// Access: read
// Parameters: by STRING, least INTEGER, moved INTEGER
// Returns: user_id STRING
// Index: none
// Scan: every user has to be compared.
MATCH (u:User)
WITH u, COUNT { (u)-->(:Item|Query) } AS events
WHERE events >= $least
WITH u, CASE WHEN u.generated_by = $by THEN abs(events - u.generated_events) ELSE events END AS moved
WHERE moved >= $moved
RETURN u.user_id AS user_id
ORDER BY moved DESC, user_id
