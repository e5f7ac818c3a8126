// Purpose: texts that users wrote with events on items: of each user the `each` first by event id, cut at `letters`.
// Access: read
// Parameters: each INTEGER, letters INTEGER
// Returns: user_id STRING, texts LIST<STRING>
// Index: none
// Scan: every event has to be looked at.
MATCH (u:User)-[b]->(:Item)
WHERE b.text IS NOT NULL
WITH u.user_id AS user_id, b ORDER BY b.event_id
WITH user_id, [text IN collect(DISTINCT left(b.text, $letters))[..$each] | text] AS texts
RETURN user_id, texts
ORDER BY user_id
