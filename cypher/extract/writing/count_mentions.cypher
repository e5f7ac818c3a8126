// Purpose: note which interests are a commonplace of what users write: more than the share `most` of those who write
// mention it, and more than ten of them. That somebody mentions it tells nothing of them.
// Access: write
// Parameters: most FLOAT
// Returns: nothing
// Index: none
// Scan: users and interests are counted.
MATCH (u:User) WHERE u.texts_read IS NOT NULL
WITH count(u) AS writers
MATCH (n:Interest)
WITH n, writers, COUNT { MATCH (u:User)-[:MENTIONED]->(n) RETURN DISTINCT u } AS own
WITH n, own > 10 AND own > $most * writers AS commonplace
WHERE commonplace <> coalesce(n.commonplace, false)
SET n.commonplace = commonplace
