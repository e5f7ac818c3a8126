// Purpose: replace the most similar users of some users.
// rows: maps of source, targets and scores.
// Access: write
// Parameters: rows LIST<MAP>, by STRING
// Returns: nothing
// Index: user_id (constraint)
UNWIND $rows AS row
MATCH (a:User {user_id: row.source})
CALL (a, row) {
  MATCH (a)-[s:SIMILAR_TO]->(b:User)
  WHERE NOT b.user_id IN row.targets
  DELETE s
}
UNWIND range(0, size(row.targets) - 1) AS n
MATCH (b:User {user_id: row.targets[n]})
MERGE (a)-[s:SIMILAR_TO]->(b)
SET s.score = row.scores[n], s.by = $by, s.run = 'follow', s.computed_at = datetime.transaction()
