// My interests
// Purpose: the present interests of one user, liked and disliked, strongest first, with the number of events of
// evidence.
// In Neo4j Browser, first:  :param user_id => '196'
// Access: read
// Parameters: user_id STRING
// Returns: path PATH, interest STRING, polarity STRING, horizon STRING, weight FLOAT, since DATETIME, events INTEGER
// Index: user_id (constraint)
MATCH path = (u:User {user_id: $user_id})-[r:INTERESTED_IN]->(n:Interest)
WHERE r.valid_to IS NULL
RETURN path, coalesce(n.label, n.name) AS interest, r.polarity AS polarity, r.horizon AS horizon, r.weight AS weight,
       r.valid_from AS since, size(coalesce(r.evidence, [])) AS events
ORDER BY weight DESC, n.name, horizon, polarity
LIMIT 50
