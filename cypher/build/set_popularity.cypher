// Purpose: set the popularity of items (ln of the decayed count), `ever_popular` (ln of the plain count),
// `popularity_windows` (ln of counts of other half-lives) and whether they are new. A null deletes them.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
WHERE i.popularity IS NULL OR row.popularity IS NULL OR i.popularity <> row.popularity
      OR i.ever_popular IS NULL OR i.ever_popular <> row.ever_popular
      OR i.is_new IS NULL OR i.is_new <> row.is_new
      OR i.popularity_windows IS NULL OR i.popularity_windows <> row.popularity_windows
SET i.popularity = row.popularity, i.ever_popular = row.ever_popular, i.is_new = row.is_new,
    i.popularity_windows = row.popularity_windows
