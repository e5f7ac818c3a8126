// Purpose: hold users and items for the rest of the transaction, in the order of their ids, users first: whoever writes to
// several does this first, so that no two wait for each other. Removing a property that nothing has changes nothing.
// Access: write
// Parameters: user_ids LIST<STRING>, item_ids LIST<STRING>
// Returns: nothing
// Index: user_id (constraint), item_id (constraint)
CALL () {
  UNWIND $user_ids AS user_id
  MATCH (u:User {user_id: user_id})
  REMOVE u.held
}
CALL () {
  UNWIND $item_ids AS item_id
  MATCH (i:Item {item_id: item_id})
  REMOVE i.held
}
