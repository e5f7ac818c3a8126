// Purpose: delete interests that are not in the vocabulary, that no item is about and that no user has or had.
// What queries are about and texts mention is derived, and goes with them.
// Access: write
// Parameters: names LIST<STRING>
// Returns: deleted INTEGER
// Index: none
// Scan: all interests are compared; they are few beside items and users.
MATCH (n:Interest)
WHERE NOT n.name IN $names AND NOT EXISTS { (:Item)-[:ABOUT]->(n) } AND NOT EXISTS { (:User)-[:INTERESTED_IN|CORRECTED]->(n) }
DETACH DELETE n
RETURN count(*) AS deleted
