// Purpose: store a user's correction of an interest: `pin` (an interest whatever behaviour says), `weaken` (its weight
// times `weakened`), `delete` (no interest), or `none` (withdraw). Open intervals change at once; the caller marks the
// user (`collect/touch_nodes`, in the same transaction) for what behaviour then gives. Statements that write interests
// obey it. A pin opens an interval only where no long like is open. What corrections closed opens again, with its
// valid_from, once none closes it any more.
// closed: the times of this correction and of those that it replaced, up to the last `none`: what they closed ends then.
// Access: write
// Parameters: user_id STRING, name STRING, how STRING, weakened FLOAT
// Returns: name STRING, closed INTEGER
// Index: user_id (constraint), interest_name (constraint)
MATCH (u:User {user_id: $user_id})
MATCH (n:Interest {name: $name})
OPTIONAL MATCH (u)-[c:CORRECTED]->(n)
WITH u, n, collect(c) AS before, collect(c.how)[0] AS was, coalesce(collect(c.closed)[0], collect(c.at)) AS times
FOREACH (c IN before | DELETE c)
FOREACH (_ IN CASE WHEN $how = 'none' THEN [] ELSE [1] END |
  CREATE (u)-[:CORRECTED {how: $how, at: datetime(), closed: times + datetime()}]->(n))
WITH u, n, was, times
CALL (u, n, times) {
  MATCH (u)-[r:INTERESTED_IN]->(n)
  WHERE $how <> 'delete' AND ($how <> 'pin' OR r.polarity = 'likes') AND coalesce(r.extracted_by, '') <> 'user'
    AND (r.valid_to IN times OR (r.valid_to = r.valid_from AND r.valid_to > times[0]))
    AND NOT EXISTS {
      MATCH (u)-[o:INTERESTED_IN]->(n)
      WHERE o.valid_to IS NULL AND o.horizon = r.horizon AND o.extracted_by = r.extracted_by
    }
  SET r.valid_to = null
  RETURN count(r) AS opened
}
WITH u, n, was
CALL (u, n, was) {
  MATCH (u)-[r:INTERESTED_IN]->(n)
  WHERE r.valid_to IS NULL
  WITH u, n, r, was,
       $how = 'delete' OR ($how <> 'pin' AND r.extracted_by = 'user') OR ($how = 'pin' AND r.polarity = 'dislikes') AS ends
  FOREACH (_ IN CASE WHEN ends THEN [1] ELSE [] END |
    SET r.valid_to = CASE WHEN r.valid_from > datetime() THEN r.valid_from ELSE datetime() END)
  FOREACH (_ IN CASE WHEN $how = 'weaken' AND coalesce(was, '') <> 'weaken' AND NOT ends THEN [1] ELSE [] END |
    SET r.weight = r.weight * $weakened)
  FOREACH (_ IN CASE WHEN $how <> 'weaken' AND was = 'weaken' THEN [1] ELSE [] END |
    SET r.weight = r.weight / $weakened)
  RETURN sum(CASE WHEN ends THEN 1 ELSE 0 END) AS closed
}
CALL (u, n) {
  WITH * WHERE $how = 'pin' AND NOT EXISTS {
    MATCH (u)-[r:INTERESTED_IN {polarity: 'likes', horizon: 'long'}]->(n) WHERE r.valid_to IS NULL
  }
  CREATE (u)-[:INTERESTED_IN {
    weight: 1.0, polarity: 'likes', horizon: 'long', evidence: [], extracted_by: 'user', valid_from: datetime()}]->(n)
}
RETURN n.name AS name, closed
