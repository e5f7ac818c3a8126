// Purpose: the version and edition of the server.
// Access: read
// Parameters: none
// Returns: version STRING, edition STRING
// Index: none
CALL dbms.components() YIELD name, versions, edition
WITH versions, edition WHERE name = 'Neo4j Kernel'
RETURN versions[0] AS version, edition
LIMIT 1
