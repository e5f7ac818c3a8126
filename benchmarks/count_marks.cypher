// Purpose: how many nodes wait for the follower and are due; those marked for later, as neighbours, are not counted.
// Parameters: none
// Returns: marks INTEGER
CALL () {
  MATCH (u:User) WHERE u.lease IS NOT NULL OR u.due <= timestamp() RETURN count(*) AS marks
  UNION ALL
  MATCH (i:Item) WHERE i.due <= timestamp() RETURN count(*) AS marks
}
RETURN sum(marks) AS marks
