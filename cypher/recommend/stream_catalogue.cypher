// Purpose: all items for the serving cache in order of id, as columns, a row for each `block` items: popularity, the
// vector of the model (any vector where there is no model; an empty list for none), and interests as a list of names
// and one of weights. -1.0e300, 0 and '' stand for no value, since collect() leaves nulls out.
// Access: read
// Parameters: model STRING, block INTEGER
// Returns: item_ids LIST<STRING>, titles LIST<STRING>, versions LIST<INTEGER>, changes LIST<INTEGER>, popularity LIST<FLOAT>, ever_popular LIST<FLOAT>, windows LIST<LIST<FLOAT>>, new LIST<BOOLEAN>, touched LIST<INTEGER>, embeddings LIST<LIST<FLOAT>>, names LIST<LIST<STRING>>, weights LIST<LIST<FLOAT>>
// Index: item_id (constraint)
MATCH (i:Item)
WHERE i.item_id >= ''
WITH i ORDER BY i.item_id
WITH collect(i) AS items
UNWIND range(0, size(items) - 1, $block) AS first
WITH items[first..first + $block] AS block
CALL (block) {
  UNWIND block AS i
  WITH i, coalesce(i.version, 0) AS version, coalesce(i.linked_seq, 0) AS change
  CALL (i) {
    OPTIONAL MATCH (i)-[a:ABOUT]->(n:Interest)
    RETURN collect(n.name) AS names, [x IN collect(a) | coalesce(toFloat(x.weight), 0.0)] AS weights
  }
  RETURN collect(i.item_id) AS item_ids, collect(coalesce(i.title, '')) AS titles, collect(version) AS versions, collect(change) AS changes,
         collect(coalesce(i.popularity, -1.0e300)) AS popularity,
         collect(coalesce(i.ever_popular, -1.0e300)) AS ever_popular, collect(coalesce(i.popularity_windows, [])) AS windows, collect(coalesce(i.is_new, false)) AS new,
         collect(coalesce(i.touched_at.epochMillis, 0)) AS touched,
         collect(coalesce(CASE WHEN $model IS NULL OR i.embedding_version = $model THEN i.embedding
                               WHEN i.next_version = $model THEN i.next_embedding END, [])) AS embeddings,
         collect(names) AS names, collect(weights) AS weights
}
RETURN item_ids, titles, versions, changes, popularity, ever_popular, windows, new, touched, embeddings, names, weights
