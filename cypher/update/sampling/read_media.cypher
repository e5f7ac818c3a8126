// Purpose: vectors of items' images and sounds, as columns; items without one are left out.
// Access: read
// Parameters: item_ids LIST<STRING>
// Returns: image_positions LIST<INTEGER>, images LIST<LIST<FLOAT>>, audio_positions LIST<INTEGER>, sounds LIST<LIST<FLOAT>>
// Index: item_id (constraint)
CALL () {
  UNWIND range(0, size($item_ids) - 1) AS position
  MATCH (i:Item {item_id: $item_ids[position]})
  WHERE i.image_embedding IS NOT NULL
  RETURN collect(position) AS image_positions, collect(i.image_embedding) AS images
}
CALL () {
  UNWIND range(0, size($item_ids) - 1) AS position
  MATCH (i:Item {item_id: $item_ids[position]})
  WHERE i.audio_embedding IS NOT NULL
  RETURN collect(position) AS audio_positions, collect(i.audio_embedding) AS sounds
}
RETURN image_positions, images, audio_positions, sounds
