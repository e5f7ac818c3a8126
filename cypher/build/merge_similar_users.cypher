// Purpose: write SIMILAR_TO between users who choose the same items.
// rows: maps of source, targets and scores, so that each source is looked up once.
// Access: write
// Parameters: rows LIST<MAP>, run STRING, by STRING
// Returns: nothing
// Index: user_id (constraint)
UNWIND $rows AS row
MATCH (a:User {user_id: row.source})
UNWIND range(0, size(row.targets) - 1) AS n
MATCH (b:User {user_id: row.targets[n]})
MERGE (a)-[s:SIMILAR_TO]->(b)
SET s.score = row.scores[n], s.by = $by, s.run = $run, s.computed_at = datetime.transaction()
