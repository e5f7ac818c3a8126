// Purpose: all ties: one row a user, ordered by id.
// Access: read
// Parameters: none
// Returns: user_id STRING, followed LIST<STRING>
// Index: user_id (constraint)
MATCH (u:User)
WHERE u.user_id >= ''
MATCH (u)-[:FOLLOWS]->(v:User)
WITH u.user_id AS user_id, v.user_id AS followed ORDER BY user_id, followed
RETURN user_id, collect(followed) AS followed
ORDER BY user_id
