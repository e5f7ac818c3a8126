// Purpose: the attributes of all users: one row a user, ordered by id.
// Access: read
// Parameters: none
// Returns: user_id STRING, kinds LIST<STRING>, values LIST<STRING>
// Index: user_id (constraint)
MATCH (u:User)
WHERE u.user_id >= ''
MATCH (u)-[:HAS_ATTRIBUTE]->(a:Attribute)
WITH u.user_id AS user_id, a ORDER BY user_id, a.kind, a.value
RETURN user_id, collect(a.kind) AS kinds, collect(a.value) AS values
ORDER BY user_id
