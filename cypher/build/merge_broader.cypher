// Purpose: write the hierarchy of interests: BROADER from narrower to broader interests.
// rows: maps of source, targets and scores, so that each source is looked up once.
// Access: write
// Parameters: rows LIST<MAP>, run STRING, by STRING
// Returns: nothing
// Index: interest_name (constraint)
UNWIND $rows AS row
MATCH (a:Interest {name: row.source})
UNWIND range(0, size(row.targets) - 1) AS n
MATCH (b:Interest {name: row.targets[n]})
MERGE (a)-[s:BROADER]->(b)
SET s.score = row.scores[n], s.by = $by, s.run = $run, s.computed_at = datetime.transaction()
