// Interests as of a time
// Purpose: the interests of one user at a time, liked and disliked, strongest first, with when each began and ended.
// In Neo4j Browser, first:  :param user_id => '196'   and   :param at => '1998-01-01T00:00:00Z'
// Access: read
// Parameters: user_id STRING, at STRING
// Returns: path PATH, interest STRING, polarity STRING, horizon STRING, weight FLOAT, since DATETIME, until DATETIME
// Index: user_id (constraint)
WITH datetime($at) AS moment
MATCH path = (u:User {user_id: $user_id})-[r:INTERESTED_IN]->(n:Interest)
WHERE coalesce(r.valid_from <= moment, true) AND coalesce(moment < r.valid_to, true)
RETURN path, coalesce(n.label, n.name) AS interest, r.polarity AS polarity, r.horizon AS horizon, r.weight AS weight,
       r.valid_from AS since, r.valid_to AS until
ORDER BY weight DESC, interest, horizon, polarity
LIMIT 50
