// Purpose: the interests that most users hold: open likes of either horizon.
MATCH (u:User)-[r:INTERESTED_IN]->(n:Interest)
WHERE r.valid_to IS NULL AND r.polarity = 'likes'
RETURN n.name AS name, n.origin AS origin, count(DISTINCT u) AS users
ORDER BY users DESC, name
LIMIT $most
