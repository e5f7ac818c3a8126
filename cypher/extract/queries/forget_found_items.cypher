// Purpose: forget that queries find some items by words, as these say something else now. The version of who searched
// rises.
// Access: write
// Parameters: item_ids LIST<STRING>
// Returns: text STRING
// Index: item_id (constraint)
MATCH (i:Item)<-[f:FINDS {found_by: 'words'}]-(q:Query)
WHERE i.item_id IN $item_ids
DELETE f
WITH DISTINCT q
CALL (q) {
  MATCH (q)<--(u:User)
  WITH DISTINCT u
  SET u.version = coalesce(u.version, 0) + 1
}
RETURN q.text AS text
ORDER BY text
