// Purpose: remove an item and the events on it, what their texts mention, interests left without evidence
// (but not those that the user pinned), and attributes that nothing else has. The ids of these events are removed from other evidence. Raises `epoch` of the feed: every program that holds answers
// or behaviour in memory drops them.
// Access: write
// Parameters: item_id STRING
// Returns: events INTEGER, interests INTEGER, attributes INTEGER
// Index: item_id (constraint), feed_name (constraint)
MATCH (i:Item {item_id: $item_id})
CALL (i) {
  OPTIONAL MATCH (i)<-[b]-(u:User)
  RETURN count(b) AS events, collect(DISTINCT u) AS users, collect(b.event_id) AS event_ids
}
CALL (i) {
  OPTIONAL MATCH (i)-[:HAS_ATTRIBUTE]->(a:Attribute)
  RETURN collect(DISTINCT a) AS described
}
CALL (users, event_ids) {
  UNWIND users AS u
  SET u.touched_at = datetime(), u.version = coalesce(u.version, 0) + 1,
      u.due = CASE WHEN u.lease IS NULL AND coalesce(u.due, timestamp()) >= timestamp() THEN timestamp() ELSE u.due END,
      u.texts_against = [e IN u.texts_against WHERE NOT e IN event_ids]
  WITH u, event_ids
  CALL (u, event_ids) {
    MATCH (u)-[m:MENTIONED]->(:Interest)
    WHERE m.event_id IN event_ids
    DELETE m
  }
  MATCH (u)-[r:INTERESTED_IN]->(n:Interest)
  WHERE any(e IN r.evidence WHERE e IN event_ids)
  SET r.evidence = [e IN r.evidence WHERE NOT e IN event_ids]
  WITH u, r, n WHERE size(r.evidence) = 0 AND NOT (r.valid_to IS NULL AND r.polarity = 'likes' AND r.horizon = 'long'
                                                   AND EXISTS { (u)-[:CORRECTED {how: 'pin'}]->(n) })
  SET n.users = CASE WHEN r.valid_to IS NULL AND coalesce(n.users, 0) > 0 THEN n.users - 1 ELSE n.users END
  DELETE r
  RETURN count(*) AS interests
}
DETACH DELETE i
WITH events, interests, described
CALL (described) {
  UNWIND described AS a
  WITH a WHERE NOT EXISTS { (a)<-[:HAS_ATTRIBUTE]-() }
  DETACH DELETE a
  RETURN count(*) AS attributes
}
MERGE (f:Feed {name: 'changes'})
SET f.epoch = coalesce(f.epoch, 0) + 1
RETURN events, interests, attributes
