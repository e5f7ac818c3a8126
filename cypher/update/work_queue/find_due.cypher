// Purpose: whether users, low-priority users and items are due, the state of the feed, and the active model.
// Access: read
// Parameters: none
// Returns: users BOOLEAN, idle_users BOOLEAN, items BOOLEAN, seq INTEGER, epoch INTEGER, generation INTEGER, latest DATETIME, clock MAP, version STRING
// Index: user_due, user_idle_due, item_due, feed_name (constraint)
// Scan: there are few models.
CALL () {
  OPTIONAL MATCH (f:Feed {name: 'changes'})
  RETURN coalesce(f.seq, 0) AS seq, coalesce(f.epoch, 0) AS epoch, coalesce(f.generation, 0) AS generation,
         f.latest AS latest, f {.clock, .paused_after, .pause, .pace} AS clock
}
CALL (seq) {
  OPTIONAL MATCH (m:Model)
  WHERE m.active
  RETURN m.version AS version
  ORDER BY m.trained_at DESC
  LIMIT 1
}
RETURN EXISTS { MATCH (u:User) WHERE u.due <= timestamp() } AS users,
       EXISTS { MATCH (u:User) WHERE u.idle_due <= timestamp() } AS idle_users,
       EXISTS { MATCH (i:Item) WHERE i.due <= timestamp() } AS items, seq, epoch, generation, latest, clock, version
