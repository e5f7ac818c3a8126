// Purpose: record that users were updated for their `version`: they get the next number of the feed and their changes,
// and lose their mark. A user who changed meanwhile is due again at once. A user whom another worker has claimed by now
// keeps the mark. The users are locked by earlier statements of the transaction. The feed is locked until its end, so
// that a reader of a number has seen all changes with lower numbers.
// rows: maps of user_id, version and changes (JSON).  latest: the time of the latest event of these users.
// clock: the graph's time after their events, in days since 1970, as in `build/note_build`; null before the first build.
// Access: write
// Parameters: rows LIST<MAP>, lease STRING, latest DATETIME, clock FLOAT
// Returns: seq INTEGER, done INTEGER, again INTEGER
// Index: user_id (constraint), feed_name (constraint)
MERGE (f:Feed {name: 'changes'})
SET f.seq = coalesce(f.seq, 0) + 1
SET f.latest = CASE WHEN f.latest IS NULL OR f.latest < $latest THEN $latest ELSE f.latest END
SET f.clock = CASE WHEN f.clock < $clock THEN $clock ELSE f.clock END
WITH f.seq AS seq
CALL (seq) {
  UNWIND $rows AS row
  MATCH (u:User {user_id: row.user_id})
  SET u.changed_seq = seq, u.changes = row.changes
  WITH u, u.lease = $lease AS own, u.version = row.version AS same
  SET u.version = coalesce(u.version, 0) + 1
  WITH u, own, same WHERE own
  SET u.due = CASE WHEN same THEN null ELSE timestamp() END, u.lease = null
  RETURN sum(CASE WHEN same THEN 1 ELSE 0 END) AS done, sum(CASE WHEN same THEN 0 ELSE 1 END) AS again
}
RETURN seq, done, again
