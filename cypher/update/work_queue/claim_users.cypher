// Purpose: claim due users, longest due first. `due` moves to the end of the lease, so that another worker claims them
// then if this one stopped. Each user is locked first, ordered by id, as everywhere (see collect/lock_nodes). Claims
// run one at a time, so that no user is claimed twice.
// Access: write
// Parameters: count INTEGER, lease STRING, millis INTEGER
// Returns: user_id STRING, version INTEGER
// Index: user_due, feed_name, lock_key (constraints)
MERGE (f:Feed {name: 'claims of users'})
SET f.claimed_at = timestamp()
WITH f
CALL (f) {
  MATCH (u:User)
  WHERE u.due <= timestamp()
  WITH u ORDER BY u.due LIMIT $count
  WITH u ORDER BY u.user_id
  CREATE (l:Lock {key: 'User ' + u.user_id})
  DELETE l
  WITH u WHERE u.due <= timestamp()
  SET u.due = timestamp() + $millis, u.lease = $lease, u.idle_due = null
  RETURN u
}
RETURN u.user_id AS user_id, coalesce(u.version, 0) AS version
ORDER BY user_id
