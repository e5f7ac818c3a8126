// Purpose: names that were taken for an interest of another name, by whom and how near they were; and those set apart again.
// Access: read
// Parameters: none
// Returns: name STRING, interest STRING, cosine FLOAT, by STRING, at STRING, apart BOOLEAN
// Index: none
// Scan: names are read whole; they are few beside items and users.
MATCH (a:Alias)
OPTIONAL MATCH (a)-[m:MEANS]->(n:Interest)
RETURN a.name AS name, n.name AS interest, m.cosine AS cosine, m.by AS by, toString(m.at) AS at,
       coalesce(a.apart, false) AS apart
ORDER BY name
