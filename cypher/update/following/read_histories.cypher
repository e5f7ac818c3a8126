// Purpose: all behaviour of some users, as in `build/pull/stream_interactions`: columns of equal length, newest first.
// Deleted users are left out.
// Access: read
// Parameters: user_ids LIST<STRING>
// Returns: user_id STRING, item_ids LIST<STRING>, types LIST<STRING>, days LIST<FLOAT>, values LIST<FLOAT>
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (u:User {user_id: user_id})
CALL (u) {
  MATCH (u)-[b]->(i:Item)
  WITH b, i ORDER BY b.at IS NULL, b.at DESC, b.event_id
  RETURN collect(i.item_id) AS item_ids, collect(type(b)) AS types,
         collect(coalesce(b.at.epochMillis / 86400000.0, 0.0 / 0.0)) AS days,
         collect(coalesce(toFloat(b.value), 0.0 / 0.0)) AS values
}
RETURN u.user_id AS user_id, item_ids, types, days, values
