// Purpose: the queries, of some, that no item and no interest was looked up for yet.
// Access: read
// Parameters: texts LIST<STRING>
// Returns: text STRING
// Index: query_text (constraint)
UNWIND $texts AS text
MATCH (q:Query {text: text})
WHERE q.found_at IS NULL
RETURN q.text AS text
ORDER BY text
