// Purpose: write FAVOURS: items that users with an attribute choose more often than others. They are recommended to
// users without behaviour.
// rows: maps of source, targets and scores, so that each source is looked up once.
// Access: write
// Parameters: rows LIST<MAP>, run STRING, by STRING
// Returns: nothing
// Index: attribute_key (constraint), item_id (constraint)
UNWIND $rows AS row
MATCH (a:Attribute {kind: row.source[0], value: row.source[1]})
UNWIND range(0, size(row.targets) - 1) AS n
MATCH (b:Item {item_id: row.targets[n]})
MERGE (a)-[s:FAVOURS]->(b)
SET s.score = row.scores[n], s.by = $by, s.run = $run, s.computed_at = datetime.transaction()
