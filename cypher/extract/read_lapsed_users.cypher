// Purpose: users who still have a short-term interest although nothing they did is recent any more.
// Access: read
// Parameters: recent DATETIME
// Returns: user_id STRING
// Index: none
// Scan: time passes for every user, also for those who did nothing.
MATCH (u:User)
WHERE EXISTS { (u)-[r:INTERESTED_IN {horizon: 'short'}]->(:Interest) WHERE r.valid_to IS NULL }
  AND NOT EXISTS { (u)-[b]->(:Item) WHERE b.at >= $recent }
RETURN u.user_id AS user_id
ORDER BY user_id
