// Purpose: the popularity of items that were touched while a build ran, counted anew: what came after it had read the
// behaviour is not in what it wrote. Writing to an item first keeps events that arrive meanwhile waiting.
// counted: types of behaviour that count.  new: ln of the count that makes an item known.
// Access: write
// Parameters: since DATETIME, counted LIST<STRING>, half_life FLOAT, new FLOAT
// Returns: items INTEGER
// Index: item_touched_at
MATCH (i:Item)
WHERE i.touched_at >= $since
SET i.touched_at = i.touched_at
WITH i
CALL (i) {
  MATCH (i)<-[b]-(:User)
  WHERE type(b) IN $counted
  WITH coalesce(b.at.epochMillis / 86400000.0, 0.0) * log(2) / $half_life AS one
  WITH collect(one) AS ones, max(one) AS top
  RETURN top + log(reduce(sum = 0.0, one IN ones | sum + exp(one - top))) AS popularity, log(toFloat(size(ones))) AS ever
}
SET i.popularity = round(popularity, 9), i.ever_popular = CASE WHEN popularity IS NULL THEN null ELSE round(ever, 9) END,
    i.is_new = popularity IS NULL OR ever < $new
RETURN count(*) AS items
