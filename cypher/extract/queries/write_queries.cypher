// Purpose: find the items of queries anew, and replace the interests that they are about.
// By words: of the `looked_at` items that the full-text index finds for `lucene`, the score as a share of the best one's,
// times the share of `words` that stand in title or description (one more word counts as found in each, as the index
// also finds other forms). By meaning, where there is a vector: the nearest items with a cosine of `least` or more
// (that of the stored vectors; the index rounds), with the score slope * cosine + offset. An item found by both has the higher score. At most `most` items are kept.
// by: who read the query; null where it is only looked up by words.
// Access: write
// Parameters: rows LIST<MAP>, by STRING, most INTEGER, looked_at INTEGER, least FLOAT, slope FLOAT, offset FLOAT
// Returns: found INTEGER
// Index: query_text (constraint), interest_name (constraint), item_text (full-text), item_content (vector)
UNWIND $rows AS row
MATCH (q:Query {text: row.text})
SET q.found_at = datetime(), q.read_by = $by
WITH q, row
CALL (q) {
  MATCH (q)-[old:FINDS|ABOUT]->()
  DELETE old
}
CALL (q, row) {
  UNWIND row.about AS about
  MATCH (n:Interest {name: about.name})
  CREATE (q)-[:ABOUT {weight: about.weight, extracted_by: about.extracted_by}]->(n)
}
CALL (row) {
  CALL (row) {
    WITH * WHERE row.lucene <> ''
    CALL db.index.fulltext.queryNodes('item_text', row.lucene, {limit: $looked_at}) YIELD node AS i, score
    WITH row, i, score, toLower(coalesce(i.title, '') + ' ' + coalesce(i.description, '')) AS text
    WITH i, score, (1.0 + size([word IN row.words WHERE text CONTAINS word])) / (1 + size(row.words)) AS share
    WITH collect({item: i, score: score, share: share}) AS listed, max(score) AS best
    UNWIND listed AS one
    RETURN one.item AS i, one.score / best * one.share AS score, 'words' AS found_by
    UNION ALL
    WITH * WHERE row.vector IS NOT NULL
    CALL db.index.vector.queryNodes('item_content', 2 * $most, row.vector) YIELD node AS i
    WITH i, 2 * vector.similarity.cosine(i.content_embedding, row.vector) - 1 AS cosine
    WHERE cosine >= $least
    RETURN i, $slope * cosine + $offset AS score, 'meaning' AS found_by
  }
  WITH i, score, found_by ORDER BY score DESC, found_by DESC
  WITH i, collect(score)[0] AS score, collect(found_by)[0] AS found_by
  ORDER BY score DESC, i.item_id
  LIMIT $most
  RETURN i, CASE WHEN score > 1 THEN 1.0 ELSE score END AS score, found_by
}
WITH q, i, score, found_by ORDER BY i.item_id, q.text
CREATE (q)-[:FINDS {score: score, found_by: found_by}]->(i)
RETURN count(*) AS found
