// Purpose: all behaviour: one row a user, ordered by id, with the events as columns of equal length, newest first. An
// unknown time or value is NaN.  highest: the highest rating, null without one.
// Access: read
// Parameters: none
// Returns: user_id STRING, item_ids LIST<STRING>, types LIST<STRING>, days LIST<FLOAT>, values LIST<FLOAT>, highest FLOAT
// Index: user_id (constraint)
MATCH (u:User)
WHERE u.user_id >= ''
CALL (u) {
  MATCH (u)-[b]->(i:Item)
  WITH b, i ORDER BY b.at IS NULL, b.at DESC, b.event_id
  RETURN collect(i.item_id) AS item_ids, collect(type(b)) AS types,
         collect(coalesce(b.at.epochMillis / 86400000.0, 0.0 / 0.0)) AS days,
         collect(coalesce(toFloat(b.value), 0.0 / 0.0)) AS values,
         max(CASE type(b) WHEN 'RATED' THEN toFloat(b.value) END) AS highest
}
RETURN u.user_id AS user_id, item_ids, types, days, values, highest
ORDER BY user_id
