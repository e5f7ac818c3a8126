// Purpose: items whose present text was read by the encoder, but not by this language model and prompt.
// Access: read
// Parameters: by STRING
// Returns: item_id STRING
// Index: none
// Scan: every item has to be compared.
MATCH (i:Item)
WHERE i.content_embedding IS NOT NULL AND i.content_hash IS NOT NULL
  AND coalesce(i.generated_hash, '') <> i.content_hash + ' ' + $by
RETURN i.item_id AS item_id
ORDER BY item_id
