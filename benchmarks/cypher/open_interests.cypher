// Purpose: what users like, as the graph holds it: the open interests of each horizon, with their weights.
UNWIND ['long', 'short'] AS horizon
MATCH (u:User)-[r:INTERESTED_IN]->(n:Interest)
WHERE r.valid_to IS NULL AND r.polarity = 'likes' AND r.horizon = horizon
RETURN u.user_id AS user_id, horizon, n.name AS name, r.weight AS weight
ORDER BY user_id, horizon, name
