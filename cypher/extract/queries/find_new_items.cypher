// Purpose: have queries find some items that they did not find, by words, as `extract/queries/write_queries` does: those of
// the items that are among the `most` best now. What they find already stays. The version of who searched rises, so that
// the next answer counts it.
// Access: write
// Parameters: rows LIST<MAP>, item_ids LIST<STRING>, most INTEGER, looked_at INTEGER
// Returns: found INTEGER
// Index: query_text (constraint), item_text (full-text)
UNWIND $rows AS row
MATCH (q:Query {text: row.text})
CALL (row) {
  WITH * WHERE row.lucene <> ''
  CALL db.index.fulltext.queryNodes('item_text', row.lucene, {limit: $looked_at}) YIELD node AS i, score
  WITH row, i, score, toLower(coalesce(i.title, '') + ' ' + coalesce(i.description, '')) AS text
  WITH i, score, (1.0 + size([word IN row.words WHERE text CONTAINS word])) / (1 + size(row.words)) AS share
  WITH collect({item: i, score: score, share: share}) AS listed, max(score) AS best
  UNWIND listed AS one
  WITH one.item AS i, one.score / best * one.share AS score
  ORDER BY score DESC, i.item_id
  LIMIT $most
  RETURN i, score
}
WITH q, i, score
WHERE i.item_id IN $item_ids AND NOT EXISTS { (q)-[:FINDS]->(i) }
WITH q, i, score ORDER BY i.item_id, q.text
CREATE (q)-[:FINDS {score: score, found_by: 'words'}]->(i)
WITH q, count(*) AS found
CALL (q) {
  MATCH (q)<--(u:User)
  WITH DISTINCT u
  SET u.version = coalesce(u.version, 0) + 1
}
RETURN coalesce(sum(found), 0) AS found
