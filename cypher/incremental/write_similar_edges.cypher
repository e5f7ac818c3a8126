// Purpose: write some SIMILAR_TO between items and delete others. Deleted items are left out.
// rows: maps of source, target, score and recent_score.  gone: maps of source and target.
// Access: write
// Parameters: rows LIST<MAP>, gone LIST<MAP>, by STRING
// Returns: nothing
// Index: item_id (constraint)
CALL () {
  UNWIND $gone AS row
  MATCH (a:Item {item_id: row.source})
  MATCH (b:Item {item_id: row.target})
  MATCH (a)-[s:SIMILAR_TO]->(b)
  DELETE s
}
UNWIND $rows AS row
MATCH (a:Item {item_id: row.source})
MATCH (b:Item {item_id: row.target})
MERGE (a)-[s:SIMILAR_TO]->(b)
SET s.score = row.score, s.recent_score = row.recent_score, s.by = $by, s.run = 'follow',
    s.computed_at = datetime.transaction()
