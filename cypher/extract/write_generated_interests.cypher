// Purpose: what a language model read that users care about: replaces what any read before, and leaves alone what behaviour
//   says. What holds again is kept, what no longer holds is closed at the user's latest event, what is new is valid from the
//   first event that speaks for it, or from when it was last closed. What the user said of an interest holds.
// rows: maps of user_id, events (how many there were) and interests: maps of name, said, polarity, horizon, weight, evidence
// and since.
// Access: write
// Parameters: rows LIST<MAP>, by STRING, own STRING, weakened FLOAT
// Returns: user_id STRING, opened INTEGER, kept INTEGER, closed INTEGER
// Index: user_id (constraint), interest_name (constraint)
UNWIND $rows AS row
MATCH (u:User {user_id: row.user_id})
SET u.generated_by = $by, u.generated_events = row.events, u.version = coalesce(u.version, 0) + 1
WITH u, row
CALL (u) {
  MATCH (u)-[b]->(i:Item)
  RETURN coalesce(max(b.at), datetime()) AS latest
}
CALL (u, row, latest) {
  CALL (u, row) {
    UNWIND row.interests AS f
    MATCH (n:Interest {name: f.name})
    OPTIONAL MATCH (u)-[c:CORRECTED]->(n)
    WITH n, c.how AS how, f
    WHERE how IS NULL OR how = 'weaken' OR (how = 'pin' AND f.polarity = 'likes')
    WITH n, f {.*, weight: CASE how WHEN 'weaken' THEN f.weight * $weakened ELSE f.weight END} AS f
    RETURN n, f.polarity AS polarity, f.horizon AS horizon, f, null AS r
    UNION ALL
    MATCH (u)-[r:INTERESTED_IN]->(n:Interest)
    WHERE r.extracted_by STARTS WITH $own
    RETURN n, r.polarity AS polarity, r.horizon AS horizon, null AS f, r
  }
  WITH u, latest, n, polarity, horizon, collect(f)[0] AS f, collect(r) AS known, max(r.valid_to) AS ended
  WITH u, latest, n, f, ended, [r IN known WHERE r.valid_to IS NULL][0] AS open
  WHERE f IS NOT NULL OR open IS NOT NULL
  FOREACH (old IN CASE WHEN f IS NULL THEN [open] ELSE [] END |
    SET old.valid_to = CASE WHEN old.valid_from > latest THEN old.valid_from ELSE latest END)
  FOREACH (old IN CASE WHEN f IS NULL OR open IS NULL THEN [] ELSE [open] END |
    SET old.weight = f.weight, old.evidence = f.evidence, old.said = f.said, old.extracted_by = $by)
  FOREACH (_ IN CASE WHEN open IS NULL THEN [1] ELSE [] END |
    CREATE (u)-[:INTERESTED_IN {
      weight: f.weight, polarity: f.polarity, horizon: f.horizon, evidence: f.evidence, said: f.said, extracted_by: $by,
      valid_from: CASE WHEN ended > f.since THEN ended ELSE f.since END}]->(n))
  RETURN sum(CASE WHEN open IS NULL THEN 1 ELSE 0 END) AS opened,
         sum(CASE WHEN f IS NULL OR open IS NULL THEN 0 ELSE 1 END) AS kept,
         sum(CASE WHEN f IS NULL THEN 1 ELSE 0 END) AS closed
}
RETURN u.user_id AS user_id, opened, kept, closed
