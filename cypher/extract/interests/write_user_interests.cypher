// Purpose: compute and store the interests of a batch of users from their latest behaviour: events on items and
// searches, which lead to interests by ABOUT, and what the texts of events mention (MENTIONED).
// An event adds to an interest: weight of the kind * sign * 2^(-age / half-life) * weight of ABOUT * idf; what its text
// mentions adds the same with the weight of MENTIONED, which has a sign, in place of sign and ABOUT; a commonplace of texts
// (`extract/writing/count_mentions`) adds nothing. The sign is negative for negative kinds, for ratings at or below the
// user's mean - 1 (at or below 2 for less than three ratings), and where the event's own text speaks against the interest
// or the item (`extract/writing/write_mentions`). The age is measured from the user's latest event, so that events of other
// users change nothing. The half-life is that of the kind for the horizon long, and `short_days` for short, where only events of the last four
// half-lives count. Events without a time count fully for long, and not for short. The idf is that of the last count
// (`extract/interests/count_interest_items`).
// Short interests expire four short half-lives after the user's latest event, by the graph's clock `as_of`
// (`as_of_before` for users whose latest event is not after `paused_after`; GraphClock.moments). `recent_at`
// is the event that the open short interests depend on.
// A dislike rests on two events or more, or on one that says it: a dislike, or a text that speaks of the interest.
// Corrections by the user (`profiles/correct_interest`) are applied. What weighs less than `least` is not stored. A pinned
// long interest stays open whatever is found; an interval that the pin opened gets the evidence alone.
// An open interest that is no longer found is closed at the event that ended it; a short one that expired earlier, at
// that time. An interest that is found again, or with the other polarity, is a new relationship. It is valid from the
// first event of its evidence after the last one ended, or else from the latest event.
// until: only events up to it count, where it is given; the history that a user brought along is read with several,
// rising, so that intervals are those that would have been found at the time.
// replayed: users of whom that is done. A new interval begins also where the weight has doubled or halved.
// Access: write
// Parameters: user_ids LIST<STRING>, kinds LIST<MAP>, as_of DATETIME, as_of_before DATETIME, paused_after DATETIME, until DATETIME, replayed LIST<STRING>, events INTEGER, short_days FLOAT, likes INTEGER, dislikes INTEGER, weakened FLOAT, least FLOAT, extracted_by STRING
// Returns: user_id STRING, opened LIST<STRING>, kept INTEGER, closed LIST<STRING>
// Index: user_id (constraint), feed_name (constraint)
// Scan: items are answered from the count store, without a scan.
OPTIONAL MATCH (f:Feed {name: 'interests'})
WITH coalesce(f.items, COUNT { MATCH (i:Item) RETURN i }) AS items
UNWIND $user_ids AS user_id
MATCH (u:User {user_id: user_id})
CALL (u) {
  MATCH (u)-[b]->(i:Item|Query)
  WHERE $until IS NULL OR b.at <= $until
  WITH b, i
  ORDER BY b.at IS NULL, b.at DESC, b.event_id
  LIMIT $events
  WITH collect({event: b, on: i}) AS behaviour, max(b.at) AS latest,
       avg(CASE WHEN type(b) = 'RATED' THEN b.value END) AS mean,
       count(CASE WHEN type(b) = 'RATED' THEN b.value END) AS ratings
  RETURN behaviour, latest, CASE WHEN ratings >= 3 THEN mean - 1 ELSE 2.0 END AS low,
         CASE WHEN latest <= $paused_after THEN $as_of_before ELSE $as_of END AS as_of,
         latest + duration({seconds: toInteger(4 * $short_days * 86400)}) AS lapses
}
CALL (u, items, behaviour, latest, low, lapses, as_of) {
  CALL (u, behaviour, low) {
    UNWIND behaviour AS one
    WITH one.event AS b, one.on AS i, low, [kind IN $kinds WHERE kind.type = type(one.event)][0] AS kind
    WHERE kind IS NOT NULL
    WITH b, i, kind, CASE WHEN type(b) = 'RATED' AND b.value <= low THEN -abs(kind.weight) ELSE kind.weight END AS strength
    MATCH (i)-[a:ABOUT]->(n:Interest)
    WITH b, kind, n, a, CASE WHEN b.text IS NOT NULL AND strength > 0 AND (b.event_id IN u.texts_against
             OR EXISTS { MATCH (u)-[m:MENTIONED {event_id: b.event_id}]->(n) WHERE m.weight < 0 }) THEN -strength
           ELSE strength END AS strength
    RETURN b.event_id AS event_id, b.at AS at, kind.half_life_days AS half_life, n, strength * a.weight AS strength,
           kind.weight < 0 AS said
    UNION ALL
    MATCH (u)-[m:MENTIONED]->(n:Interest)
    WHERE ($until IS NULL OR m.at <= $until) AND NOT coalesce(n.commonplace, false)
    WITH m, n, [kind IN $kinds WHERE kind.type = m.type][0] AS kind
    WHERE kind IS NOT NULL
    RETURN m.event_id AS event_id, m.at AS at, kind.half_life_days AS half_life, n, abs(kind.weight) * m.weight AS strength,
           m.weight < 0 AS said
  }
  WITH event_id, at, half_life, n, said, strength * log(1 + toFloat(items) / (1 + n.items)) AS strength, lapses, as_of,
       (latest.epochSeconds - at.epochSeconds) / 86400.0 AS age
  UNWIND CASE WHEN age <= 4 * $short_days AND as_of < lapses THEN ['long', 'short'] ELSE ['long'] END AS horizon
  WITH event_id, at, n, said, strength, age, horizon, CASE horizon WHEN 'long' THEN half_life ELSE $short_days END AS half_life
  WITH event_id, at, n, horizon, max(CASE WHEN said THEN 1 ELSE 0 END) = 1 AS said,
       sum(strength * CASE WHEN age IS NULL THEN 1.0 ELSE exp(-age / half_life * log(2)) END) AS strength
  ORDER BY abs(strength) DESC, event_id
  WITH n, horizon, sum(strength) AS total,
       collect({event_id: event_id, at: at, strength: strength, said: said}) AS evidence
  WITH n, horizon, total, [e IN evidence WHERE e.strength * total > 0] AS evidence
  WHERE abs(total) > 1e-9 AND (total > 0 OR size(evidence) > 1 OR evidence[0].said)
  WITH n, horizon, total, CASE WHEN total > 0 THEN 'likes' ELSE 'dislikes' END AS polarity,
       evidence[..20] AS evidence
  ORDER BY abs(total) DESC, n.name
  WITH horizon, polarity, collect({interest: n, total: abs(total), evidence: evidence}) AS ranked
  WITH horizon, collect({polarity: polarity, top: ranked[..CASE polarity WHEN 'likes' THEN $likes ELSE $dislikes END]})
         AS sides, max(ranked[0].total) AS strongest
  UNWIND sides AS side
  UNWIND side.top AS top
  RETURN collect({interest: top.interest, polarity: side.polarity, horizon: horizon, weight: top.total / strongest,
                  evidence: [e IN top.evidence | e.event_id], times: [e IN top.evidence | e.at]}) AS found
}
WITH u, found, lapses, latest, as_of, u.recent_at + duration({seconds: toInteger(4 * $short_days * 86400)}) AS lapsed_before
SET u.recent_at = CASE WHEN any(f IN found WHERE f.horizon = 'short') THEN latest END
WITH u, found, lapses, latest, as_of, lapsed_before,
     COLLECT { MATCH (u)-[c:CORRECTED]->(n:Interest) RETURN {interest: n, how: c.how} } AS corrected
WITH u, lapses, latest, as_of, lapsed_before, [c IN corrected WHERE c.how = 'pin' | c.interest] AS pinned,
     [f IN found WHERE NOT any(c IN corrected WHERE c.interest = f.interest
                               AND (c.how = 'delete' OR (c.how = 'pin' AND f.polarity = 'dislikes'))) |
      CASE WHEN any(c IN corrected WHERE c.interest = f.interest AND c.how = 'weaken')
           THEN f {.*, weight: f.weight * $weakened} ELSE f END] AS found
WITH u, lapses, latest, as_of, lapsed_before, pinned, [f IN found WHERE f.weight >= $least] AS found
WITH u, found, pinned, coalesce(latest, as_of) AS changed,
     CASE WHEN lapsed_before < latest THEN lapsed_before WHEN lapses <= as_of THEN lapses END AS lapsed
CALL (u, found, pinned, lapsed, changed) {
  CALL (u, found) {
    UNWIND found AS f
    RETURN f.interest AS n, f.horizon AS horizon, f, null AS r
    UNION ALL
    MATCH (u)-[r:INTERESTED_IN]->(n:Interest)
    WHERE r.extracted_by = $extracted_by OR (r.extracted_by = 'user' AND r.valid_to IS NULL)
    RETURN n, r.horizon AS horizon, null AS f, r
  }
  WITH u, lapsed, changed, n, horizon, n IN pinned AND horizon = 'long' AS stays, collect(f)[0] AS f, collect(r) AS known,
       max(r.valid_to) AS ended
  WITH u, changed, n, f, stays, ended, [r IN known WHERE r.valid_to IS NULL] AS open,
       CASE WHEN horizon = 'short' AND lapsed IS NOT NULL THEN lapsed ELSE changed END AS ends,
       CASE WHEN horizon = 'short' AND lapsed IS NOT NULL THEN all(at IN f.times WHERE at > lapsed)
            ELSE f IS NULL END AS anew
  WITH u, changed, n, f, stays, ended, ends, anew, open,
       [r IN open WHERE u.user_id IN $replayed AND r.extracted_by <> 'user'
                        AND (f.weight > 2 * r.weight OR r.weight > 2 * f.weight)] AS other_weight
  WITH u, changed, n, f, ended, ends,
       [r IN open WHERE NOT anew AND r.polarity = f.polarity AND NOT r IN other_weight] AS same,
       CASE WHEN any(r IN open WHERE r.extracted_by = 'user') THEN [r IN open WHERE r.extracted_by <> 'user']
            ELSE [r IN open WHERE NOT (stays AND f IS NULL AND r.polarity = 'likes')
                              AND (f IS NULL OR anew OR r.polarity <> f.polarity OR r IN other_weight)] END AS over
  WITH u, changed, n, f, ended, ends, over, [r IN same WHERE NOT r IN over][0] AS same
  WHERE f IS NOT NULL OR size(over) > 0
  WITH u, changed, n, f, same, over, ended,
       CASE WHEN over[0].valid_from > ends THEN over[0].valid_from ELSE ends END AS ends
  WITH u, changed, n, f, same, over, ended, ends,
       CASE WHEN size(over) = 0 OR ended > ends THEN ended ELSE ends END AS last
  FOREACH (old IN over | SET old.valid_to = ends)
  FOREACH (old IN CASE WHEN same IS NULL THEN [] ELSE [same] END |
    SET old.weight = CASE old.extracted_by WHEN 'user' THEN old.weight ELSE f.weight END, old.evidence = f.evidence)
  FOREACH (_ IN CASE WHEN f IS NOT NULL AND same IS NULL THEN [1] ELSE [] END |
    CREATE (u)-[:INTERESTED_IN {
      weight: f.weight, polarity: f.polarity, horizon: f.horizon, evidence: f.evidence, extracted_by: $extracted_by,
      valid_from: CASE
        WHEN last IS NULL THEN
          reduce(first = null, at IN f.times | CASE WHEN first IS NULL OR at < first THEN at ELSE first END)
        ELSE reduce(first = CASE WHEN changed >= last THEN changed ELSE last END,
                    at IN [t IN f.times WHERE t > last OR (t = last AND size(over) > 0)] |
                    CASE WHEN at < first THEN at ELSE first END) END}]->(n))
  RETURN collect(DISTINCT CASE WHEN f IS NOT NULL AND same IS NULL THEN n.name END) AS opened,
         sum(CASE WHEN same IS NULL THEN 0 ELSE 1 END) AS kept,
         collect(DISTINCT CASE WHEN size(over) > 0 THEN n.name END) AS closed
}
RETURN u.user_id AS user_id, opened, kept, closed
