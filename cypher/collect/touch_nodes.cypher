// Purpose: record the activity of new events on their users and items, in the transaction that stores the events. Each
// node is marked as due for `update --follow`: `due`, milliseconds since 1970 from which it may be claimed. A node that
// is leased (`lease`) keeps its mark; its `version` rises, so that the worker updates it again. The events are added to
// the popularity of the items, with the half-lives of the last build and times by the graph's clock (`build/note_build`,
// graphstore/clock.py); before the first build there is none. An event is at most one `pace` ahead of the clock.
// items: maps of item_id and days (since 1970, 0 where unknown) of the events that count.  new: ln of the count from
// which an item is known.
// Access: write
// Parameters: user_ids LIST<STRING>, items LIST<MAP>, new FLOAT
// Returns: nothing
// Index: user_id (constraint), item_id (constraint), feed_name (constraint)
CALL () {
  UNWIND $user_ids AS user_id
  MATCH (u:User {user_id: user_id})
  SET u.touched_at = datetime.realtime(), u.version = coalesce(u.version, 0) + 1,
      u.due = CASE WHEN u.lease IS NULL AND coalesce(u.due, timestamp()) >= timestamp() THEN timestamp() ELSE u.due END
}
CALL () {
  UNWIND $items AS row
  MATCH (i:Item {item_id: row.item_id})
  SET i.touched_at = datetime.realtime(), i.version = coalesce(i.version, 0) + 1,
      i.due = CASE WHEN i.lease IS NULL AND coalesce(i.due, timestamp()) >= timestamp() THEN timestamp() ELSE i.due END
  WITH i, row
  MATCH (f:Feed {name: 'changes'})
  WHERE f.popularity_half_life IS NOT NULL AND size(row.days) > 0
  WITH i, f, [day IN row.days |
    CASE WHEN day <= f.paused_after THEN day WHEN day - f.pause < f.paused_after THEN f.paused_after
         ELSE day - coalesce(f.pause, 0.0) END] AS days
  WITH i, f, [day IN days | CASE WHEN day > f.clock + f.pace THEN f.clock + f.pace ELSE day END] AS days
  WITH i, days, reduce(top = head(days), day IN days | CASE WHEN day > top THEN day ELSE top END) * log(2) AS latest,
       [[f.popularity_half_life, i.popularity]]
       + [n IN range(0, size(coalesce(f.popularity_windows, [])) - 1) |
          [f.popularity_windows[n], i.popularity_windows[n]]] AS counts
  WITH i, days, counts, [c IN counts | CASE WHEN c[1] > latest / c[0] THEN c[1] ELSE latest / c[0] END] AS tops
  WITH i, [n IN range(0, size(counts) - 1) | round(tops[n] + log(reduce(
             sum = coalesce(exp(counts[n][1] - tops[n]), 0.0), day IN days |
             sum + exp(day * log(2) / counts[n][0] - tops[n]))), 9)] AS logs,
       log(exp(coalesce(i.ever_popular, -1.0e300)) + size(days)) AS ever_popular
  SET i.popularity = logs[0],
      i.popularity_windows = CASE WHEN size(logs) > 1 THEN logs[1..] ELSE i.popularity_windows END, i.ever_popular = round(ever_popular, 9),
      i.is_new = ever_popular < $new
}
