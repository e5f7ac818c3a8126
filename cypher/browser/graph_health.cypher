// Graph health
// Purpose: the content of the graph and what stages have to update: counts, missing and stale embeddings, items without
// a description, nodes without relationships, the active model, the last run of each stage.
// Access: read
// Parameters: none
// Returns: measure STRING, value STRING
// Index: run_stage
// Scan: stale nodes and nodes without relationships are found by reading every user, item and query once.
CALL () {
  MATCH (n:User) WITH count(n) AS c RETURN 1 AS place, 'users' AS measure, toString(c) AS value
UNION ALL
  MATCH (n:Item) WITH count(n) AS c RETURN 2 AS place, 'items' AS measure, toString(c) AS value
UNION ALL
  MATCH (n:Interest) WITH count(n) AS c RETURN 3 AS place, 'interests' AS measure, toString(c) AS value
UNION ALL
  MATCH (:User)-[r]->()
  WITH count(r) AS everything
  CALL (everything) {
    MATCH (:User)-[r:CORRECTED|FOLLOWS|HAS_ATTRIBUTE|INTERESTED_IN|MENTIONED|SIMILAR_TO]->() RETURN count(r) AS others
  }
  CALL (everything) {
    MATCH ()-[s]->(:Query) RETURN count(s) AS searches
  }
  UNWIND [[4, 'events', everything - others - searches], [6, 'searches', searches]] AS row
  RETURN row[0] AS place, row[1] AS measure, toString(row[2]) AS value
UNION ALL
  MATCH (n:Query) WITH count(n) AS c RETURN 7 AS place, 'queries' AS measure, toString(c) AS value
UNION ALL
  MATCH (:User)-[b]->(:Item)
  WITH max(b.at) AS latest
  RETURN 5 AS place, 'latest event' AS measure, coalesce(toString(latest), 'none has a time') AS value
UNION ALL
  MATCH (n:Item) WHERE n.described = false
  WITH count(n) AS c
  RETURN 10 AS place, 'items nobody described' AS measure, toString(c) AS value
UNION ALL
  MATCH (n:Item) WHERE n.described AND n.content_hash IS NULL
  WITH count(n) AS c
  RETURN 11 AS place, 'items that extract has not read' AS measure, toString(c) AS value
UNION ALL
  UNWIND [[12, 'User', 'users without embedding'], [13, 'Item', 'items without embedding']] AS row
  CALL (row) {
    WITH row WHERE row[1] = 'User'
    MATCH (n:User) WHERE n.embedded_at IS NULL RETURN count(n) AS c
  UNION ALL
    WITH row WHERE row[1] = 'Item'
    MATCH (n:Item) WHERE n.embedded_at IS NULL RETURN count(n) AS c
  }
  WITH row, sum(c) AS c
  RETURN row[0] AS place, row[2] AS measure, toString(c) AS value
UNION ALL
  CALL () { MATCH (m:Model) WHERE m.active RETURN max(m.version) AS version }
  CALL (version) {
    MATCH (n:User) WHERE n.embedded_at < n.touched_at OR n.embedding_version <> version RETURN count(n) AS users
  }
  CALL (version, users) {
    MATCH (n:Item) WHERE n.embedded_at < n.touched_at OR n.embedding_version <> version RETURN count(n) AS items
  }
  RETURN 14 AS place, 'embeddings that are stale' AS measure, toString(users + items) AS value
UNION ALL
  MATCH (n:User) WHERE NOT EXISTS { (n)--() }
  WITH count(n) AS c
  RETURN 20 AS place, 'users without any relationship' AS measure, toString(c) AS value
UNION ALL
  MATCH (n:Item) WHERE NOT EXISTS { (n)--() }
  WITH count(n) AS c
  RETURN 21 AS place, 'items without any relationship' AS measure, toString(c) AS value
UNION ALL
  MATCH (n:Interest) WHERE NOT EXISTS { (n)--() }
  WITH count(n) AS c
  RETURN 22 AS place, 'interests without any relationship' AS measure, toString(c) AS value
UNION ALL
  MATCH (q:Query) WHERE NOT EXISTS { (q)-[:FINDS]->() }
  WITH count(q) AS c
  RETURN 23 AS place, 'queries that find nothing' AS measure, toString(c) AS value
UNION ALL
  CALL () { MATCH (m:Model) WHERE m.active RETURN collect(m.version + ', ' + coalesce(m.family, '?')) AS active }
  RETURN 30 AS place, 'active model' AS measure,
         CASE size(active) WHEN 0 THEN 'none' ELSE reduce(s = '', a IN active | s + CASE s WHEN '' THEN '' ELSE '; ' END + a) END
           AS value
UNION ALL
  MATCH (r:Run)
  WHERE r.stage IN ['collect', 'extract', 'build', 'update']
  WITH r ORDER BY r.started_at DESC, r.run_id
  WITH r.stage AS stage, head(collect(r)) AS last
  RETURN 40 AS place, 'last ' + stage AS measure,
         toString(last.started_at) + CASE WHEN last.error IS NOT NULL THEN ' failed: ' + last.error
                                          WHEN last.ended_at IS NULL THEN ' not ended' ELSE ' done' END AS value
}
RETURN measure, value
ORDER BY place, measure
