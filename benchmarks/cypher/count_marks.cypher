// Purpose: how many nodes wait for the follower; those that only rest on what moved (idle_due) are not counted.
// Parameters: none
// Returns: marks INTEGER
CALL () {
  MATCH (u:User) WHERE u.due IS NOT NULL RETURN count(*) AS marks
  UNION ALL
  MATCH (i:Item) WHERE i.due IS NOT NULL RETURN count(*) AS marks
}
RETURN sum(marks) AS marks
