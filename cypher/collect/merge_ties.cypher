// Purpose: store who follows whom; the time of the first mention stays.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: created INTEGER
// Index: user_id (constraint)
UNWIND $rows AS row
MERGE (u:User {user_id: row.user_id})
MERGE (v:User {user_id: row.follows})
WITH u, v, row, NOT EXISTS { (u)-[:FOLLOWS]->(v) } AS new
MERGE (u)-[f:FOLLOWS]->(v)
ON CREATE SET f.at = CASE WHEN row.at IS NULL THEN null ELSE datetime({epochMillis: row.at}) END,
              u.touched_at = datetime.realtime(), v.touched_at = datetime.realtime()
RETURN sum(CASE WHEN new THEN 1 ELSE 0 END) AS created
