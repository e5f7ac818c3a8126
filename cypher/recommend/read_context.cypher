// Purpose: what an answer for one user starts from: their most recent events, newest first, as columns, with the
// embeddings of the items; their own embedding; the state of the graph. An undated event is older than any dated one; NaN
// stands for no value, and an empty list for no embedding, because collect() leaves nulls out.
// Access: read
// Parameters: user_id STRING, events INTEGER
// Returns: item_ids LIST<STRING>, types LIST<STRING>, millis LIST<FLOAT>, values LIST<FLOAT>, embeddings LIST<LIST<FLOAT>>, own LIST<FLOAT>, latest DATETIME, counts STRING, model_version STRING, blend_hash STRING
// Index: user_id (constraint), run_stage
// Scan: there are only a handful of Model nodes
MATCH (u:User {user_id: $user_id})
CALL (u) {
  MATCH (u)-[b]->(i:Item)
  WITH b, i ORDER BY b.at IS NULL, b.at DESC, b.event_id LIMIT $events
  RETURN collect(i.item_id) AS item_ids, collect(type(b)) AS types,
         collect(coalesce(toFloat(b.at.epochMillis), 0.0 / 0.0)) AS millis,
         collect(coalesce(toFloat(b.value), 0.0 / 0.0)) AS values,
         collect(coalesce(i.embedding, [])) AS embeddings, max(b.at) AS latest
}
CALL (u) {
  OPTIONAL MATCH (r:Run {stage: 'build'})
  WHERE r.ended_at IS NOT NULL AND r.error IS NULL
  RETURN r.counts AS counts
  ORDER BY r.started_at DESC, r.run_id
  LIMIT 1
}
CALL (u) {
  OPTIONAL MATCH (m:Model)
  WHERE m.active
  RETURN m.version AS model_version, m.blend_hash AS blend_hash
  ORDER BY m.trained_at DESC, model_version
  LIMIT 1
}
RETURN item_ids, types, millis, values, embeddings, coalesce(u.embedding, []) AS own, latest, counts, model_version,
       blend_hash
