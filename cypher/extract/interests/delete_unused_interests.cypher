// Purpose: drop interests that left the vocabulary, that no item is about and that no user ever had.
// Access: write
// Parameters: names LIST<STRING>
// Returns: deleted INTEGER
// Index: none
// Scan: the vocabulary is compared whole; it is small beside items and users.
MATCH (n:Interest)
WHERE NOT n.name IN $names AND NOT EXISTS { (:Item)-[:ABOUT]->(n) } AND NOT EXISTS { (:User)-[:INTERESTED_IN|CORRECTED]->(n) }
DETACH DELETE n
RETURN count(*) AS deleted
