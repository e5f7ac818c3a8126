// Purpose: how interests are called, for the words of a reason.
// Access: read
// Parameters: names LIST<STRING>
// Returns: name STRING, label STRING
// Index: interest_name (constraint)
UNWIND $names AS name
MATCH (n:Interest {name: name})
RETURN n.name AS name, coalesce(n.label, n.name) AS label
