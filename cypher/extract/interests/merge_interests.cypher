// Purpose: store the interests of the vocabulary and their embeddings.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: created INTEGER
// Index: interest_name (constraint)
UNWIND $rows AS row
MERGE (n:Interest {name: row.name})
ON CREATE SET n.users = 0, n.items = 0, n.created = true
SET n.label = row.label, n.origin = row.origin, n.forms = coalesce(row.forms, [])
WITH n, row, coalesce(n.created, false) AS created
REMOVE n.created
WITH n, row, created
CALL db.create.setNodeVectorProperty(n, 'embedding', row.embedding)
RETURN sum(CASE WHEN created THEN 1 ELSE 0 END) AS created
