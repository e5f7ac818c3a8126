// Purpose: make an alias an interest of its own: what was extracted under its name is moved to it, and it can't become
// an alias again.
// Access: write
// Parameters: name STRING, embedding LIST<FLOAT>
// Returns: interest STRING, users INTEGER, items INTEGER
// Index: alias_name (constraint), interest_name (constraint)
MATCH (a:Alias {name: $name})-[m:MEANS]->(old:Interest)
MERGE (n:Interest {name: $name})
ON CREATE SET n.label = $name, n.origin = 'generated', n.users = 0, n.items = 0
SET a.apart = true
DELETE m
WITH old, n
CALL db.create.setNodeVectorProperty(n, 'embedding', $embedding)
CALL (old, n) {
  MATCH (u:User)-[r:INTERESTED_IN]->(old)
  WHERE r.said = $name
  CREATE (u)-[new:INTERESTED_IN]->(n)
  SET new = properties(r), u.version = coalesce(u.version, 0) + 1, u.touched_at = datetime.realtime()
  DELETE r
  RETURN count(*) AS users
}
CALL (old, n) {
  MATCH (i:Item)-[r:ABOUT]->(old)
  WHERE r.said = $name
  CREATE (i)-[new:ABOUT]->(n)
  SET new = properties(r), i.version = coalesce(i.version, 0) + 1, i.touched_at = datetime.realtime()
  DELETE r
  RETURN count(*) AS items
}
RETURN old.name AS interest, users, items
