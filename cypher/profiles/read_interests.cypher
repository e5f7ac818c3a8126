// Purpose: the open interests of a user (at is null), or those whose interval contains a moment, each with up to two
// broader interests. Weight and evidence are those written last, also for a moment.
// Access: read
// Parameters: user_id STRING, at DATETIME
// Returns: name STRING, label STRING, weight FLOAT, polarity STRING, horizon STRING, valid_from STRING, valid_to STRING, evidence LIST<STRING>, extracted_by STRING, broader LIST<STRING>
// Index: user_id (constraint)
MATCH (:User {user_id: $user_id})-[r:INTERESTED_IN]->(n:Interest)
WHERE ($at IS NULL AND r.valid_to IS NULL)
   OR ((r.valid_from IS NULL OR r.valid_from <= $at) AND (r.valid_to IS NULL OR $at < r.valid_to))
RETURN n.name AS name, coalesce(n.label, n.name) AS label, r.weight AS weight, r.polarity AS polarity,
       r.horizon AS horizon, toString(r.valid_from) AS valid_from, toString(r.valid_to) AS valid_to,
       coalesce(r.evidence, []) AS evidence, r.extracted_by AS extracted_by,
       COLLECT { MATCH (n)-[b:BROADER]->(wider:Interest)
                 RETURN coalesce(wider.label, wider.name) ORDER BY b.score DESC, wider.name LIMIT 2 } AS broader
ORDER BY polarity DESC, horizon, weight DESC, name
