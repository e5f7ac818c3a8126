// Purpose: the state that a request starts from, in one row: the feed, the active model, changed items and users, the
// count of items, and the user, with their context where their version is not `held`.
// items, users: changed by the follower after `seq`, as lists of id, version, number (an item's `linked_seq`, a user's
// `changed_seq`) and `changed_seq`.  touched_items, touched_users: changed by events and descriptions after `since` (ms
// since 1970), as lists of id, version, number and `touched_at` (ms). At most `most` of each, in order of the last
// value.
// context: the user's latest events, newest first, as columns (undated events last; NaN stands for no value), seen
// items, open interests, corrections of interests (name and kind, the latest first), attributes, followed and similar
// users, items that a low rating, a dislike or a text of the user speaks against, and the latest different searches, newest first (undated ones last), with the items that each finds. The version
// is read before the context, so that an event in between is noticed by the next poll.
// followers: event workers of `update --follow` that are alive.  clock: as `build/note_build` stores it; null without a
// feed.  highest_rating: of all ratings of the last build.
// Access: read
// Parameters: user_id STRING, held INTEGER, seq INTEGER, since INTEGER, most INTEGER, model STRING, events INTEGER, people INTEGER, unwanted LIST<STRING>, above FLOAT
// Returns: version INTEGER, pending BOOLEAN, followers INTEGER, context LIST<MAP>, epoch INTEGER, generation INTEGER, seq INTEGER, latest INTEGER, highest_rating FLOAT, clock MAP, model_version STRING, blend_hash STRING, items LIST<LIST<ANY>>, users LIST<LIST<ANY>>, touched_items LIST<LIST<ANY>>, touched_users LIST<LIST<ANY>>, count INTEGER, now INTEGER
// Index: user_id (constraint), feed_name (constraint), item_changed, user_changed, item_touched_at, user_touched_at
// Scan: there are only a handful of Model and Lease nodes
OPTIONAL MATCH (f:Feed {name: 'changes'})
WITH f, datetime.realtime().epochMillis AS now
OPTIONAL MATCH (u:User {user_id: $user_id})
WITH f, now, u, CASE WHEN u IS NULL THEN null ELSE coalesce(u.version, 0) END AS version, u.due IS NOT NULL AS pending
CALL (now) {
  OPTIONAL MATCH (m:Model)
  WHERE m.active
  RETURN m.version AS model_version, m.blend_hash AS blend_hash
  ORDER BY m.trained_at DESC, model_version
  LIMIT 1
}
CALL (now) {
  MATCH (i:Item) WHERE i.changed_seq > $seq
  WITH i ORDER BY i.changed_seq LIMIT $most
  RETURN collect([i.item_id, coalesce(i.version, 0), coalesce(i.linked_seq, 0), i.changed_seq]) AS items
}
CALL (now) {
  MATCH (v:User) WHERE v.changed_seq > $seq
  WITH v ORDER BY v.changed_seq LIMIT $most
  RETURN collect([v.user_id, coalesce(v.version, 0), v.changed_seq, v.changed_seq]) AS users
}
CALL (now) {
  MATCH (i:Item) WHERE i.touched_at > datetime({epochMillis: $since})
  WITH i ORDER BY i.touched_at LIMIT $most
  RETURN collect([i.item_id, coalesce(i.version, 0), coalesce(i.linked_seq, 0), i.touched_at.epochMillis]) AS touched_items
}
CALL (now) {
  MATCH (v:User) WHERE v.touched_at > datetime({epochMillis: $since})
  WITH v ORDER BY v.touched_at LIMIT $most
  RETURN collect([v.user_id, coalesce(v.version, 0), coalesce(v.changed_seq, 0), v.touched_at.epochMillis]) AS touched_users
}
CALL (now) {
  MATCH (i:Item)
  RETURN count(i) AS count
}
CALL (u, f, version) {
  WITH * WHERE version IS NOT NULL AND version <> $held
  CALL (u) {
    MATCH (u)-[b]->(i:Item)
    WITH b, i ORDER BY b.at IS NULL, b.at DESC, b.event_id LIMIT $events
    RETURN collect(i.item_id) AS item_ids, collect(type(b)) AS types,
           collect(coalesce(toFloat(b.at.epochMillis), 0.0 / 0.0)) AS millis,
           collect(coalesce(toFloat(b.value), 0.0 / 0.0)) AS values, max(b.at) AS latest,
           collect(CASE WHEN b.text IS NOT NULL AND EXISTS { MATCH (u)-[m:MENTIONED {event_id: b.event_id}]->(:Interest) WHERE m.weight < 0 }
                          THEN i.item_id END) AS against
  }
  CALL (u, f) {
    MATCH (u)-[s]->(x:Item|Query)
    RETURN collect(DISTINCT x.item_id) AS seen,
           collect(CASE WHEN x:Query THEN {query: x, at: s.at, type: type(s)} END) AS asked,
           collect(CASE WHEN type(s) IN $unwanted OR (type(s) = 'RATED' AND s.value <= $above * f.highest_rating)
                     OR s.event_id IN u.texts_against
                        THEN x.item_id END) AS rated_low
  }
  CALL (u) {
    MATCH (u)-[r:INTERESTED_IN]->(n:Interest) WHERE r.valid_to IS NULL
    WITH n, sum(CASE r.polarity WHEN 'dislikes' THEN -r.weight ELSE r.weight END) AS weight
    ORDER BY abs(weight) DESC, n.name LIMIT $people
    RETURN collect(n.name) AS interests, collect(weight) AS weights
  }
  CALL (u) {
    MATCH (u)-[c:CORRECTED]->(n:Interest)
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
    WITH v, f ORDER BY coalesce(f.at, datetime({epochMillis: 0})) DESC, v.user_id LIMIT $people
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
  RETURN collect({item_ids: item_ids, types: types, millis: millis, values: values, latest: latest, seen: seen,
                  interests: interests, weights: weights, corrections: corrections, attributes: attributes, followed: followed, alike: alike,
                  scores: scores, searches: searches, against: against + rated_low,
                  own: coalesce(CASE WHEN $model IS NULL OR u.embedding_version = $model THEN u.embedding
                                     WHEN u.next_version = $model THEN u.next_embedding END, [])}) AS context
}
RETURN version, pending,
       COUNT { MATCH (l:Lease) WHERE l.work = 'follow events' AND l.until >= timestamp() } AS followers, context,
       f.epoch AS epoch, f.generation AS generation, f.seq AS seq,
       f.latest.epochMillis AS latest, f.highest_rating AS highest_rating, f {.clock, .paused_after, .pause, .pace} AS clock,
       model_version, blend_hash, items, users, touched_items, touched_users, count, now
