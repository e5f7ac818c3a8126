// Purpose: those of some users who wrote a text or searched, or of whom a text was read before.
// Access: read
// Parameters: user_ids LIST<STRING>
// Returns: user_id STRING
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (u:User {user_id: user_id})
WHERE u.texts_read IS NOT NULL OR EXISTS { MATCH (u)-[b]->(:Item|Query) WHERE b.text IS NOT NULL }
RETURN u.user_id AS user_id
ORDER BY user_id
