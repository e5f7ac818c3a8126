// Purpose: items whose text the encoder has read as it is now and this language model, by this prompt, has not.
// Access: read
// Parameters: by STRING
// Returns: item_id STRING
// Index: none
// Scan: what was not read is known only by looking at every item.
MATCH (i:Item)
WHERE i.content_embedding IS NOT NULL AND i.content_hash IS NOT NULL
  AND coalesce(i.generated_hash, '') <> i.content_hash + ' ' + $by
RETURN i.item_id AS item_id
ORDER BY item_id
