// Purpose: one interest of a user: the times when it held, and the events that it rests on (of the open intervals, else
// of the last), the latest first, each with what it says about the interest: the weight of ABOUT of its item or query
// and by whom, and the weight of MENTIONED of its text.
// Access: read
// Parameters: user_id STRING, name STRING, count INTEGER
// Returns: label STRING, evidence LIST<MAP>, periods LIST<MAP>
// Index: user_id (constraint), interest_name (constraint)
MATCH (u:User {user_id: $user_id}), (n:Interest {name: $name})
CALL (u, n) {
  MATCH (u)-[r:INTERESTED_IN]->(n)
  WITH r ORDER BY r.valid_to IS NULL, r.valid_to, r.valid_from, r.horizon
  RETURN collect(r) AS periods
}
WITH u, n, periods, [r IN periods WHERE r.valid_to IS NULL] AS open
WITH u, n, periods,
     reduce(ids = [], r IN CASE WHEN size(open) > 0 THEN open ELSE periods[-1..] END | ids + coalesce(r.evidence, [])) AS ids
CALL (u, n, ids) {
  MATCH (u)-[b]->(x:Item|Query)
  WHERE b.event_id IN ids
  OPTIONAL MATCH (x)-[a:ABOUT]->(n)
  OPTIONAL MATCH (u)-[m:MENTIONED {event_id: b.event_id}]->(n)
  WITH b, x, a, max(m.weight) AS mentioned
  ORDER BY b.at IS NULL, b.at DESC, b.event_id
  LIMIT $count
  RETURN collect({event_id: b.event_id, type: type(b), value: b.value, at: toString(b.at), text: b.text,
                  item_id: x.item_id, title: x.title, description: x.description,
                  about: a.weight, by: a.extracted_by, mentioned: mentioned}) AS evidence
}
RETURN coalesce(n.label, n.name) AS label, evidence,
       [r IN periods | {polarity: r.polarity, horizon: r.horizon, weight: r.weight, extracted_by: r.extracted_by,
                        valid_from: toString(r.valid_from), valid_to: toString(r.valid_to),
                        evidence: size(coalesce(r.evidence, []))}] AS periods
