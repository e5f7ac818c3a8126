// Purpose: the parts of a cache validator: the user's version and mark, the feed's epoch and generation, the active
// model, and the event workers of `update --follow` that are alive.
// Access: read
// Parameters: user_id STRING
// Returns: version INTEGER, pending BOOLEAN, followers INTEGER, epoch INTEGER, generation INTEGER, model_version STRING, blend_hash STRING
// Index: user_id (constraint), feed_name (constraint)
// Scan: there are only a handful of Model and Lease nodes
MATCH (u:User {user_id: $user_id})
OPTIONAL MATCH (f:Feed {name: 'changes'})
CALL (u) {
  OPTIONAL MATCH (m:Model)
  WHERE m.active
  RETURN m.version AS model_version, m.blend_hash AS blend_hash
  ORDER BY m.trained_at DESC, model_version
  LIMIT 1
}
RETURN coalesce(u.version, 0) AS version, u.due IS NOT NULL AS pending,
       COUNT { MATCH (l:Lease) WHERE l.work = 'follow events' AND l.until >= timestamp() } AS followers, f.epoch AS epoch, f.generation AS generation,
       model_version, blend_hash
