// Purpose: the latest events of users, newest first, as columns, for the social channel. NaN stands for no value.
// against: items of events whose text speaks against the item.
// at: only events up to this moment (null for all).
// Access: read
// Parameters: user_ids LIST<STRING>, events INTEGER, at DATETIME
// Returns: user_id STRING, version INTEGER, change INTEGER, item_ids LIST<STRING>, types LIST<STRING>, values LIST<FLOAT>, against LIST<STRING>
// Index: user_id (constraint)
WITH datetime({epochMillis: 0}) AS never
UNWIND $user_ids AS user_id
MATCH (v:User {user_id: user_id})
WITH v, never, coalesce(v.version, 0) AS version, coalesce(v.changed_seq, 0) AS change
CALL (v, never) {
  MATCH (v)-[b]->(i:Item)
  WHERE $at IS NULL OR b.at <= $at
  WITH b, i ORDER BY coalesce(b.at, never) DESC, b.event_id LIMIT $events
  RETURN collect(i.item_id) AS item_ids, collect(type(b)) AS types,
         collect(coalesce(toFloat(b.value), 0.0 / 0.0)) AS values,
         collect(CASE WHEN b.event_id IN v.texts_against THEN i.item_id END) AS against
}
RETURN v.user_id AS user_id, version, change, item_ids, types, values, against
