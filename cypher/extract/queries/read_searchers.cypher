// Purpose: the users who searched for some queries.
// Access: read
// Parameters: texts LIST<STRING>
// Returns: user_id STRING
// Index: query_text (constraint)
UNWIND $texts AS text
MATCH (q:Query {text: text})<--(u:User)
RETURN DISTINCT u.user_id AS user_id
ORDER BY user_id
