// Purpose: items with an image or a sound, or of which one was read before, with the source that was read.
// Access: read
// Parameters: none
// Returns: item_id STRING, image STRING, audio STRING, image_read STRING, audio_read STRING
// Index: none
// Scan: a changed file is found only by checking each one.
MATCH (i:Item)
WHERE i.image IS NOT NULL OR i.audio IS NOT NULL OR i.image_read IS NOT NULL OR i.audio_read IS NOT NULL
RETURN i.item_id AS item_id, i.image AS image, i.audio AS audio, i.image_read AS image_read, i.audio_read AS audio_read
ORDER BY item_id
