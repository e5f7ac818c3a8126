// Purpose: closed intervals of a user's interests, the last first.
// Access: read
// Parameters: user_id STRING, count INTEGER
// Returns: name STRING, label STRING, polarity STRING, horizon STRING, valid_from STRING, valid_to STRING, extracted_by STRING
// Index: user_id (constraint)
MATCH (:User {user_id: $user_id})-[r:INTERESTED_IN]->(n:Interest)
WHERE r.valid_to IS NOT NULL
WITH r, n
ORDER BY r.valid_to DESC, n.name, r.horizon, r.polarity, r.valid_from
LIMIT $count
RETURN n.name AS name, coalesce(n.label, n.name) AS label, r.polarity AS polarity, r.horizon AS horizon,
       toString(r.valid_from) AS valid_from, toString(r.valid_to) AS valid_to, r.extracted_by AS extracted_by
ORDER BY r.valid_to DESC, name, horizon, polarity, r.valid_from
