// Purpose: set the popularity of items: the logarithm of their decayed count, and of their count (null takes both
// away), and whether they are new.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: nothing
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
WHERE i.popularity IS NULL OR row.popularity IS NULL OR i.popularity <> row.popularity
      OR i.ever_popular IS NULL OR i.ever_popular <> row.ever_popular
      OR i.is_new IS NULL OR i.is_new <> row.is_new
SET i.popularity = row.popularity, i.ever_popular = row.ever_popular, i.is_new = row.is_new
