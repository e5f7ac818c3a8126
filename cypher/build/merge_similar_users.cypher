// Purpose: users who choose the same items.
// Access: write
// Parameters: rows LIST<MAP>, run STRING, by STRING
// Returns: nothing
// Index: user_id (constraint)
UNWIND $rows AS row
MATCH (a:User {user_id: row.source})
MATCH (b:User {user_id: row.target})
MERGE (a)-[s:SIMILAR_TO]->(b)
SET s.score = row.score, s.by = $by, s.run = $run, s.computed_at = datetime.transaction()
