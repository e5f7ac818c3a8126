// Purpose: mark users who have a short-term interest, but no recent event any more.
// recent: events up to it are not recent any more; up to recent_before, of events up to `paused_after` (GraphClock).
// Access: write
// Parameters: recent DATETIME, recent_before DATETIME, paused_after DATETIME, count INTEGER
// Returns: marked INTEGER
// Index: user_recent, lock_key (constraint)
MATCH (u:User)
WHERE u.recent_at <= $recent AND (u.recent_at <= $recent_before OR coalesce(u.recent_at > $paused_after, true)) AND u.due IS NULL AND u.idle_due IS NULL
WITH u LIMIT $count
WITH u ORDER BY u.user_id
CREATE (l:Lock {key: 'User ' + u.user_id})
DELETE l
WITH u WHERE u.due IS NULL AND u.idle_due IS NULL
SET u.idle_due = timestamp()
RETURN count(*) AS marked
