// Purpose: how many users and items there are, and how many of them wait for a stage: an embedding that is missing, one
// that is older than the node's last change or of another model than the active one, and items that nobody described.
// Access: read
// Parameters: version STRING
// Returns: what STRING, nodes INTEGER, missing INTEGER, stale INTEGER, undescribed INTEGER
// Index: none
// Scan: a check of every node is what is asked for; the doctor and the admin scripts run it, no request does.
CALL () {
  MATCH (n:User)
  WITH count(n) AS nodes, sum(CASE WHEN n.embedded_at IS NULL THEN 1 ELSE 0 END) AS missing,
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
