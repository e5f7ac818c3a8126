// Purpose: the latest texts of some users, newest first, those without a time last; of users whose state was not read.
// A user without a text has one row, without an event, if something was read of them before.
// value: of a rating, or else of the user's latest rating of the item.  low: a rating up to it expresses dislike: the
// user's mean - 1, or 2 for less than three ratings.  state: changes with the user's texts and ratings, and with `by`.
// Access: read
// Parameters: user_ids LIST<STRING>, by STRING, anew BOOLEAN, events INTEGER, letters INTEGER
// Returns: user_id STRING, state STRING, low FLOAT, event_id STRING, type STRING, at DATETIME, value FLOAT, text STRING
// Index: user_id (constraint)
UNWIND $user_ids AS user_id
MATCH (u:User {user_id: user_id})
CALL (u) {
  MATCH (u)-[b]->(i:Item)
  WITH b, i, b.text IS NOT NULL AS written
  RETURN avg(CASE WHEN type(b) = 'RATED' THEN b.value END) AS mean,
         count(CASE WHEN type(b) = 'RATED' THEN b.value END) AS ratings,
         sum(CASE WHEN type(b) = 'RATED' THEN b.value * (1 + size(i.item_id) + coalesce(b.at.day, 0)) END) AS rated, count(CASE WHEN written THEN 1 END) AS texts,
         max(CASE WHEN written THEN b.at END) AS latest, min(CASE WHEN written THEN b.event_id END) AS first,
         max(CASE WHEN written THEN b.event_id END) AS last
}
WITH u, texts, ratings, rated, CASE WHEN ratings >= 3 THEN mean - 1 ELSE 2.0 END AS low, latest, first, last
WITH u, texts, low,
     CASE WHEN texts > 0
          THEN reduce(s = $by, part IN [texts, ratings, round(rated, 6), round(low, 6), latest, first, last] | s + ' ' + coalesce(toString(part), '-'))
     END AS state
WHERE CASE WHEN $anew THEN state IS NOT NULL OR u.texts_read IS NOT NULL
           ELSE coalesce(u.texts_read, '') <> coalesce(state, '') END
CALL (u) {
  MATCH (u)-[b]->(i:Item)
  WHERE b.text IS NOT NULL
  WITH b, i
  ORDER BY b.at IS NULL, b.at DESC, b.event_id
  LIMIT $events
  RETURN collect({event: b, item: i}) AS written
}
UNWIND CASE WHEN size(written) = 0 THEN [null] ELSE written END AS one
WITH u, state, low, one.event AS b, one.item AS i
RETURN u.user_id AS user_id, state, low, b.event_id AS event_id, type(b) AS type, b.at AS at,
       CASE WHEN type(b) = 'RATED' THEN b.value
            ELSE COLLECT { MATCH (u)-[r:RATED]->(i) RETURN r.value ORDER BY r.at IS NULL, r.at DESC LIMIT 1 }[0] END AS value,
       left(b.text, $letters) AS text
