// Purpose: store aliases of interests, with the cosine, the source and the time. Aliases that are stored already stay.
// Access: write
// Parameters: rows LIST<MAP>, by STRING
// Returns: aliases INTEGER
// Index: alias_name (constraint), interest_name (constraint)
UNWIND $rows AS row
MATCH (n:Interest {name: row.interest})
MERGE (a:Alias {name: row.name})
WITH a, n, row
WHERE NOT coalesce(a.apart, false) AND NOT EXISTS { (a)-[:MEANS]->(:Interest) }
CREATE (a)-[:MEANS {cosine: row.cosine, by: $by, at: datetime()}]->(n)
RETURN count(*) AS aliases
