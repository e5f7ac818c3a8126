// Purpose: the quarters in which users who have no interests from behaviour yet have events, without the last of each
// user, in order of time.
// quarter: length in milliseconds.  by: how such interests were extracted.
// Access: read
// Parameters: user_ids LIST<STRING>, quarter INTEGER, by STRING
// Returns: number INTEGER, user_ids LIST<STRING>
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (u:User {user_id: user_id})
WHERE NOT EXISTS { MATCH (u)-[r:INTERESTED_IN]->(:Interest) WHERE r.extracted_by = $by }
CALL (u) {
  MATCH (u)-[b]->(:Item|Query)
  WHERE b.at IS NOT NULL
  WITH DISTINCT toInteger(floor(toFloat(b.at.epochMillis) / $quarter)) AS number
  ORDER BY number
  RETURN collect(number)[..-1] AS numbers
}
UNWIND numbers AS number
RETURN number, collect(u.user_id) AS user_ids
ORDER BY number
