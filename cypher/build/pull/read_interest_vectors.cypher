// Purpose: the vectors of interests' labels, as the encoder of texts gives them. Interests without one are left out.
// Access: read
// Parameters: names LIST<STRING>
// Returns: position INTEGER, embedding LIST<FLOAT>
// Index: interest_name (constraint)
UNWIND range(0, size($names) - 1) AS position
MATCH (n:Interest {name: $names[position]})
WHERE n.embedding IS NOT NULL
RETURN position, n.embedding AS embedding
