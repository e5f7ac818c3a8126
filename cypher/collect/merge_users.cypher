// Purpose: describe users; one that is described the same already is left alone.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: user_id STRING, before STRING
// Index: user_id (constraint)
UNWIND $rows AS row
MERGE (u:User {user_id: row.user_id})
WITH u, row, u.row_hash AS before
WHERE before IS NULL OR before <> row.row_hash
SET u.row_hash = row.row_hash, u.touched_at = datetime.realtime()
RETURN u.user_id AS user_id, before
