// Purpose: store the descriptions of users. Users with the same description are not changed; the others are marked as
// due (see touch_nodes).
// Access: write
// Parameters: rows LIST<MAP>
// Returns: user_id STRING, before STRING
// Index: user_id (constraint)
UNWIND $rows AS row
MERGE (u:User {user_id: row.user_id})
WITH u, row, u.row_hash AS before
WHERE before IS NULL OR before <> row.row_hash
SET u.row_hash = row.row_hash, u.touched_at = datetime.realtime(),
    u.version = coalesce(u.version, 0) + 1,
    u.due = CASE WHEN u.lease IS NULL AND coalesce(u.due, timestamp()) >= timestamp() THEN timestamp() ELSE u.due END
RETURN u.user_id AS user_id, before
