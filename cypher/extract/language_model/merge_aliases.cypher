// Purpose: note that names are taken for interests, how near they are, who gave them and when. What was noted before stays.
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
