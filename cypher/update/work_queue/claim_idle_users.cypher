// Purpose: claim users with a low-priority mark (`idle_due`), longest due first: they get a `due` and a lease, as in
// claim_users. A user who has a `due` as well only loses the low-priority mark. Each user is locked first (see
// collect/lock_nodes).
// Access: write
// Parameters: count INTEGER, lease STRING, millis INTEGER
// Returns: user_id STRING, version INTEGER
// Index: user_idle_due, feed_name, lock_key (constraints)
MERGE (f:Feed {name: 'claims of users'})
SET f.claimed_at = timestamp()
WITH f
CALL (f) {
  MATCH (u:User)
  WHERE u.idle_due <= timestamp()
  WITH u ORDER BY u.idle_due LIMIT $count
  WITH u ORDER BY u.user_id
  CREATE (l:Lock {key: 'User ' + u.user_id})
  DELETE l
  WITH u WHERE u.idle_due <= timestamp()
  SET u.idle_due = null
  WITH u WHERE u.due IS NULL
  SET u.due = timestamp() + $millis, u.lease = $lease
  RETURN u
}
RETURN u.user_id AS user_id, coalesce(u.version, 0) AS version
ORDER BY user_id
