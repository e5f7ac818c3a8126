// Purpose: replace the interests of users that language models extracted. Those from behaviour stay.
// An interest that is found again stays open. One that is no longer found is closed at the user's latest event. A new
// one is valid from the first event of its evidence after it was last closed, in either polarity, or else from the
// latest event. Corrections by the user are applied; a pinned long interest stays open.
// rows: maps of user_id, events (their number) and interests: maps of name, said, polarity, horizon, weight, evidence
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
  MATCH (u)-[b]->(:Item|Query)
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
    RETURN n, f.horizon AS horizon, f, null AS r
    UNION ALL
    MATCH (u)-[r:INTERESTED_IN]->(n:Interest)
    WHERE r.extracted_by STARTS WITH $own
    RETURN n, r.horizon AS horizon, null AS f, r
  }
  WITH u, latest, n, horizon, collect(f)[0] AS f, collect(r) AS known, max(r.valid_to) AS ended
  WITH u, latest, n, f, ended, [r IN known WHERE r.valid_to IS NULL AND r.polarity = f.polarity][0] AS same,
       [r IN known WHERE r.valid_to IS NULL AND (f IS NULL OR r.polarity <> f.polarity)
                     AND NOT (r.polarity = 'likes' AND r.horizon = 'long' AND EXISTS { (u)-[:CORRECTED {how: 'pin'}]->(n) })] AS over
  WHERE f IS NOT NULL OR size(over) > 0
  WITH u, latest, n, f, ended, same, over,
       CASE WHEN over[0].valid_from > latest THEN over[0].valid_from ELSE latest END AS ends
  WITH u, n, f, same, over, ends, CASE WHEN size(over) = 0 OR ended > ends THEN ended ELSE ends END AS last
  CALL (u, f, same, over, last) {
    WITH * WHERE f IS NOT NULL AND same IS NULL AND last IS NOT NULL
    MATCH (u)-[b]->(:Item|Query)
    WHERE b.event_id IN f.evidence AND (b.at > last OR (b.at = last AND size(over) > 0))
    RETURN min(b.at) AS since
  }
  FOREACH (old IN over | SET old.valid_to = ends)
  FOREACH (old IN CASE WHEN same IS NULL THEN [] ELSE [same] END |
    SET old.weight = f.weight, old.evidence = f.evidence, old.said = f.said, old.extracted_by = $by)
  FOREACH (_ IN CASE WHEN f IS NOT NULL AND same IS NULL THEN [1] ELSE [] END |
    CREATE (u)-[:INTERESTED_IN {
      weight: f.weight, polarity: f.polarity, horizon: f.horizon, evidence: f.evidence, said: f.said, extracted_by: $by,
      valid_from: CASE WHEN last IS NULL THEN f.since WHEN since IS NOT NULL THEN since
                       WHEN last > ends THEN last ELSE ends END}]->(n))
  RETURN sum(CASE WHEN f IS NOT NULL AND same IS NULL THEN 1 ELSE 0 END) AS opened,
         sum(CASE WHEN same IS NULL THEN 0 ELSE 1 END) AS kept,
         sum(size(over)) AS closed
}
RETURN u.user_id AS user_id, opened, kept, closed
