// Purpose: who chose items, and when, as columns, a row for each item: the users of its events and their times (ms since
// 1970; NaN for none). Of an item with more events than `most` that many are returned, in no order.
// unwanted: types of behaviour that express dislike, which are no choice.  at: only events up to this moment (null for
// all).  times: all events of the item, which its degree tells at once.
// Access: read
// Parameters: item_ids LIST<STRING>, unwanted LIST<STRING>, most INTEGER, at DATETIME
// Returns: item_id STRING, users LIST<STRING>, millis LIST<FLOAT>, times INTEGER
// Index: item_id (constraint)
UNWIND $item_ids AS item_id
MATCH (i:Item {item_id: item_id})
CALL (i) {
  MATCH (i)<-[b]-(v:User)
  WHERE NOT type(b) IN $unwanted AND ($at IS NULL OR b.at <= $at)
  WITH v, b LIMIT $most
  RETURN collect(v.user_id) AS users, collect(coalesce(toFloat(b.at.epochMillis), 0.0 / 0.0)) AS millis
}
RETURN item_id, users, millis,
       COUNT { (i)<--() } - COUNT { (i)<-[:SIMILAR_TO]-() } - COUNT { (i)<-[:FOLLOWED_BY]-() }
       - COUNT { (i)<-[:FAVOURS]-() } - COUNT { (i)<-[:FINDS]-() } AS times
