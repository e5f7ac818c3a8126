// Purpose: all interests in the graph.
// Access: read
// Parameters: none
// Returns: name STRING, label STRING, origin STRING, forms LIST<STRING>, items INTEGER
// Index: none
// Scan: all interests are read; they are few beside items and users.
MATCH (n:Interest)
RETURN n.name AS name, n.label AS label, n.origin AS origin, coalesce(n.forms, []) AS forms, coalesce(n.items, 0) AS items
ORDER BY name
