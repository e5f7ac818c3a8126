// Purpose: the context of one user, as in `recommend/read_state`, as of a moment: events, seen items and ties up to it,
// interests valid at it and corrections made by then that still hold. Attributes, similar users and what searches find
// are those of today, as their past is not stored. Events and ties without a time are left out; NaN stands for no value.
// Access: read
// Parameters: user_id STRING, at DATETIME, events INTEGER, people INTEGER, unwanted LIST<STRING>, above FLOAT
// Returns: item_ids LIST<STRING>, types LIST<STRING>, millis LIST<FLOAT>, values LIST<FLOAT>, latest DATETIME, seen LIST<STRING>, interests LIST<STRING>, weights LIST<FLOAT>, corrections LIST<LIST<STRING>>, attributes LIST<STRING>, followed LIST<STRING>, alike LIST<STRING>, scores LIST<FLOAT>, own LIST<FLOAT>, searches LIST<MAP>, against LIST<STRING>
// Index: user_id (constraint), feed_name (constraint)
MATCH (u:User {user_id: $user_id})
OPTIONAL MATCH (f:Feed {name: 'changes'})
CALL (u) {
  MATCH (u)-[b]->(i:Item)
  WHERE b.at <= $at
  WITH b, i ORDER BY b.at DESC, b.event_id LIMIT $events
  RETURN collect(i.item_id) AS item_ids, collect(type(b)) AS types, collect(toFloat(b.at.epochMillis)) AS millis,
         collect(coalesce(toFloat(b.value), 0.0 / 0.0)) AS values, max(b.at) AS latest,
         collect(CASE WHEN b.text IS NOT NULL AND EXISTS { MATCH (u)-[m:MENTIONED {event_id: b.event_id}]->(:Interest) WHERE m.weight < 0 }
                        THEN i.item_id END) AS against
}
CALL (u, f) {
  MATCH (u)-[s]->(x:Item|Query)
  WHERE s.at <= $at
  RETURN collect(DISTINCT x.item_id) AS seen,
         collect(CASE WHEN x:Query THEN {query: x, at: s.at, type: type(s)} END) AS asked,
         collect(CASE WHEN type(s) IN $unwanted OR (type(s) = 'RATED' AND s.value <= $above * f.highest_rating)
                   OR s.event_id IN u.texts_against
                      THEN x.item_id END) AS rated_low
}
CALL (u) {
  MATCH (u)-[r:INTERESTED_IN]->(n:Interest)
  WHERE coalesce(r.valid_from <= $at, true) AND coalesce($at < r.valid_to, true)
  WITH n, sum(CASE r.polarity WHEN 'dislikes' THEN -r.weight ELSE r.weight END) AS weight
  ORDER BY abs(weight) DESC, n.name LIMIT $people
  RETURN collect(n.name) AS interests, collect(weight) AS weights
}
CALL (u) {
  MATCH (u)-[c:CORRECTED]->(n:Interest)
  WHERE c.at <= $at
  WITH c, n ORDER BY c.at DESC, n.name
  RETURN collect([n.name, c.how]) AS corrections
}
CALL (u) {
  MATCH (u)-[:HAS_ATTRIBUTE]->(a:Attribute)
  WITH a ORDER BY a.kind, a.value LIMIT $people
  RETURN collect(a.kind + '=' + a.value) AS attributes
}
CALL (u) {
  MATCH (u)-[f:FOLLOWS]->(v:User)
  WHERE f.at <= $at
  WITH v, f ORDER BY f.at DESC, v.user_id LIMIT $people
  RETURN collect(v.user_id) AS followed
}
CALL (u) {
  MATCH (u)-[s:SIMILAR_TO]->(v:User)
  WITH v, s ORDER BY s.score DESC, v.user_id LIMIT $people
  RETURN collect(v.user_id) AS alike, collect(s.score) AS scores
}
CALL (asked) {
  UNWIND asked AS one
  WITH one.query AS q, one.at AS at, one.type AS type ORDER BY at IS NULL, at DESC, type
  WITH q, collect(at)[0] AS at, collect(type)[0] AS type ORDER BY at IS NULL, at DESC, q.text LIMIT $people
  WITH q, at, type,
       COLLECT { MATCH (q)-[f:FINDS]->(i:Item) RETURN [i.item_id, f.score] ORDER BY f.score DESC, i.item_id } AS found
  RETURN collect({text: q.text, type: type, millis: coalesce(toFloat(at.epochMillis), 0.0 / 0.0),
                  item_ids: [f IN found | f[0]], scores: [f IN found | f[1]]}) AS searches
}
RETURN item_ids, types, millis, values, latest, seen, interests, weights, corrections, attributes, followed, alike, scores,
       [] AS own, searches, against + rated_low AS against
