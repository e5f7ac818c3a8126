// Purpose: the number of users and items, and of those that a stage has to update: without an embedding, with one that
// is older than the node's last change or of another model than the active one, and items without a description. Who only
// searched has no vector and lacks none.
// Access: read
// Parameters: version STRING
// Returns: what STRING, nodes INTEGER, missing INTEGER, stale INTEGER, undescribed INTEGER
// Index: none
// Scan: every node is checked; the doctor and the admin scripts run this, no request does.
CALL () {
  MATCH (n:User)
  WITH count(n) AS nodes,
       sum(CASE WHEN n.embedded_at IS NULL AND (NOT EXISTS { (n)-->(:Query) } OR EXISTS { (n)-->(:Item) }) THEN 1 ELSE 0 END)
         AS missing,
       sum(CASE WHEN n.embedded_at < n.touched_at OR n.embedding_version <> $version THEN 1 ELSE 0 END) AS stale
  RETURN 'users' AS what, nodes, missing, stale, 0 AS undescribed
UNION ALL
  MATCH (n:Item)
  WITH count(n) AS nodes, sum(CASE WHEN n.embedded_at IS NULL THEN 1 ELSE 0 END) AS missing,
       sum(CASE WHEN n.embedded_at < n.touched_at OR n.embedding_version <> $version THEN 1 ELSE 0 END) AS stale,
       sum(CASE WHEN coalesce(n.described, false) THEN 0 ELSE 1 END) AS undescribed
  RETURN 'items' AS what, nodes, missing, stale, undescribed
}
RETURN what, nodes, missing, stale, undescribed
ORDER BY what
