// Purpose: mark users who have a short-term interest, but no recent event any more.
// Access: write
// Parameters: recent DATETIME, count INTEGER
// Returns: marked INTEGER
// Index: user_recent, lock_key (constraint)
MATCH (u:User)
WHERE u.recent_at <= $recent AND u.due IS NULL AND u.idle_due IS NULL
WITH u LIMIT $count
WITH u ORDER BY u.user_id
CREATE (l:Lock {key: 'User ' + u.user_id})
DELETE l
WITH u WHERE u.due IS NULL AND u.idle_due IS NULL
SET u.idle_due = timestamp()
RETURN count(*) AS marked
