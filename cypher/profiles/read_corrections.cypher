// Purpose: a user's corrections of interests, the latest first.
// Access: read
// Parameters: user_id STRING
// Returns: name STRING, label STRING, correction STRING, at STRING
// Index: user_id (constraint)
MATCH (:User {user_id: $user_id})-[c:CORRECTED]->(n:Interest)
RETURN n.name AS name, coalesce(n.label, n.name) AS label, c.how AS correction, toString(c.at) AS at
ORDER BY c.at DESC, name
