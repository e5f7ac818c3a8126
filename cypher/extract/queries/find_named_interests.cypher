// Purpose: the interests whose name or label, in lower case, is one of some texts.
// Access: read
// Parameters: names LIST<STRING>
// Returns: name STRING, label STRING
// Index: none
// Scan: all interests are compared, as labels have no index; they are few beside items and users.
MATCH (n:Interest)
WHERE n.name IN $names OR toLower(n.label) IN $names
RETURN n.name AS name, coalesce(toLower(n.label), n.name) AS label
ORDER BY name
