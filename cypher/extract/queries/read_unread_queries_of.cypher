// Purpose: the queries of some users that an encoder and a vocabulary, named by `by`, have not read.
// Access: read
// Parameters: user_ids LIST<STRING>, by STRING
// Returns: text STRING
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (u:User {user_id: user_id})-->(q:Query)
WHERE coalesce(q.read_by, '') <> $by
RETURN DISTINCT q.text AS text
ORDER BY text
