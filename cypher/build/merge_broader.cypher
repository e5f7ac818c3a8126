// Purpose: which interest is broader than which.
// Access: write
// Parameters: rows LIST<MAP>, run STRING, by STRING
// Returns: nothing
// Index: interest_name (constraint)
UNWIND $rows AS row
MATCH (a:Interest {name: row.source})
MATCH (b:Interest {name: row.target})
MERGE (a)-[s:BROADER]->(b)
SET s.score = row.score, s.by = $by, s.run = $run, s.computed_at = datetime.transaction()
