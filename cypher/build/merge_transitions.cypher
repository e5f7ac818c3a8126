// Purpose: which item is followed by which in what users do.
// score: over all time; recent_score: with a short half-life, 0 where it says nothing.
// Access: write
// Parameters: rows LIST<MAP>, run STRING, by STRING
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (a:Item {item_id: row.source})
MATCH (b:Item {item_id: row.target})
MERGE (a)-[s:FOLLOWED_BY]->(b)
SET s.score = row.score, s.recent_score = row.recent_score, s.by = $by, s.run = $run, s.computed_at = datetime.transaction()
