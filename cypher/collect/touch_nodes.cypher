// Purpose: note on the users and items that something about them is new, for the stages that follow.
// Access: write
// Parameters: user_ids LIST<STRING>, item_ids LIST<STRING>
// Returns: nothing
// Index: user_id (constraint), item_id (constraint)
CALL () {
  UNWIND $user_ids AS user_id
  MATCH (u:User {user_id: user_id})
  SET u.touched_at = datetime.realtime()
}
CALL () {
  UNWIND $item_ids AS item_id
  MATCH (i:Item {item_id: item_id})
  SET i.touched_at = datetime.realtime()
}
