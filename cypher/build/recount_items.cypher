// Purpose: compute again the popularity of items that changed while a build ran, because the build did not read all
// their events. Each item is written first, which makes new events of it wait.
// counted: relationship types that count towards popularity.  new: ln of the count from which an item is known.
// clock, paused_after, pause: as in `build/note_build`.
// Access: write
// Parameters: since DATETIME, counted LIST<STRING>, half_life FLOAT, windows LIST<FLOAT>, new FLOAT, clock FLOAT, paused_after FLOAT, pause FLOAT
// Returns: items INTEGER
// Index: item_touched_at
MATCH (i:Item)
WHERE i.touched_at >= $since
SET i.touched_at = i.touched_at
WITH i
CALL (i) {
  MATCH (i)<-[b]-(:User)
  WHERE type(b) IN $counted
  WITH coalesce(b.at.epochMillis / 86400000.0, 0.0) AS day
  WITH CASE WHEN day <= $paused_after THEN day WHEN day - $pause < $paused_after THEN $paused_after ELSE day - $pause END
    AS day
  WITH CASE WHEN day > $clock THEN $clock ELSE day END * log(2) AS one
  WITH collect(one) AS ones, max(one) AS top
  WITH ones, [days IN [$half_life] + $windows |
    round(top / days + log(reduce(sum = 0.0, one IN ones | sum + exp((one - top) / days))), 9)] AS found
  RETURN found[0] AS popularity, found[1..] AS windows, log(toFloat(size(ones))) AS ever
}
SET i.popularity = popularity, i.popularity_windows = CASE WHEN popularity IS NULL THEN null ELSE windows END,
    i.ever_popular = CASE WHEN popularity IS NULL THEN null ELSE round(ever, 9) END,
    i.is_new = popularity IS NULL OR ever < $new
RETURN count(*) AS items
