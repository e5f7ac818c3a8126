// Purpose: write SIMILAR_TO between items that the same users choose.
// score: over all time; recent_score: with a short half-life, 0 where there is none.
// rows: maps of source, targets, scores and recent_scores, so that each source is looked up once.
// Access: write
// Parameters: rows LIST<MAP>, run STRING, by STRING
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (a:Item {item_id: row.source})
UNWIND range(0, size(row.targets) - 1) AS n
MATCH (b:Item {item_id: row.targets[n]})
MERGE (a)-[s:SIMILAR_TO]->(b)
SET s.score = row.scores[n], s.recent_score = row.recent_scores[n], s.by = $by, s.run = $run, s.computed_at = datetime.transaction()
