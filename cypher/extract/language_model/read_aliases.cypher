// Purpose: all aliases with their interest, the source and the cosine; also those that were split off.
// Access: read
// Parameters: none
// Returns: name STRING, interest STRING, cosine FLOAT, by STRING, at STRING, apart BOOLEAN
// Index: none
// Scan: all aliases are read; they are few beside items and users.
MATCH (a:Alias)
OPTIONAL MATCH (a)-[m:MEANS]->(n:Interest)
RETURN a.name AS name, n.name AS interest, m.cosine AS cosine, m.by AS by, toString(m.at) AS at,
       coalesce(a.apart, false) AS apart
ORDER BY name
