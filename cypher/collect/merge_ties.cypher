// Purpose: store ties between users; the time of the first one stays. Both users are marked as due (see touch_nodes).
// Access: write
// Parameters: rows LIST<MAP>
// Returns: created INTEGER
// Index: user_id (constraint)
UNWIND $rows AS row
MERGE (u:User {user_id: row.user_id})
MERGE (v:User {user_id: row.follows})
WITH u, v, row, NOT EXISTS { (u)-[:FOLLOWS]->(v) } AS new
MERGE (u)-[f:FOLLOWS]->(v)
ON CREATE SET f.at = CASE WHEN row.at IS NULL THEN null ELSE datetime({epochMillis: row.at}) END
FOREACH (n IN CASE WHEN new THEN [u, v] ELSE [] END |
  SET n.touched_at = datetime.realtime(), n.version = coalesce(n.version, 0) + 1,
      n.due = CASE WHEN n.lease IS NULL AND coalesce(n.due, timestamp()) >= timestamp() THEN timestamp() ELSE n.due END)
RETURN sum(CASE WHEN new THEN 1 ELSE 0 END) AS created
