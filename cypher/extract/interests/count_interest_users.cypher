// Purpose: count the users who like each interest now.
// Access: write
// Parameters: none
// Returns: interests INTEGER
// Index: none
// Scan: all interests are counted; they are few beside items and users.
MATCH (n:Interest)
CALL (n) {
  OPTIONAL MATCH (u:User)-[r:INTERESTED_IN]->(n)
  WHERE r.valid_to IS NULL AND r.polarity = 'likes'
  RETURN count(DISTINCT u) AS users
}
SET n.users = users
RETURN count(*) AS interests
