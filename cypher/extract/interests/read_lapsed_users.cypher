// Purpose: users who have a short-term interest, but no recent event any more.
// recent: events up to it are not recent any more; up to recent_before, of events up to `paused_after` (GraphClock).
// Access: read
// Parameters: recent DATETIME, recent_before DATETIME, paused_after DATETIME
// Returns: user_id STRING
// Index: user_recent
MATCH (u:User)
WHERE u.recent_at <= $recent AND (u.recent_at <= $recent_before OR coalesce(u.recent_at > $paused_after, true))
RETURN u.user_id AS user_id
ORDER BY user_id
