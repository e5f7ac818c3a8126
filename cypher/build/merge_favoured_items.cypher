// Purpose: items that users with an attribute choose more than others do; they serve users known by nothing else.
// Access: write
// Parameters: rows LIST<MAP>, run STRING, by STRING
// Returns: nothing
// Index: attribute_key (constraint), item_id (constraint)
UNWIND $rows AS row
MATCH (a:Attribute {kind: row.source[0], value: row.source[1]})
MATCH (b:Item {item_id: row.target})
MERGE (a)-[s:FAVOURS]->(b)
SET s.score = row.score, s.by = $by, s.run = $run, s.computed_at = datetime.transaction()
