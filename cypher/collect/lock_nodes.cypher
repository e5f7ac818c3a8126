// Purpose: hold users and items for the rest of the transaction, in the order of their ids, users first: whoever writes to
// several does this first, so that no two wait for each other. Writing what is there changes nothing; removing a property
// that no node has would not even hold the node.
// Access: write
// Parameters: user_ids LIST<STRING>, item_ids LIST<STRING>
// Returns: nothing
// Index: user_id (constraint), item_id (constraint)
CALL () {
  UNWIND $user_ids AS user_id
  MATCH (u:User {user_id: user_id})
  SET u.version = coalesce(u.version, 0)
}
CALL () {
  UNWIND $item_ids AS item_id
  MATCH (i:Item {item_id: item_id})
  SET i.version = coalesce(i.version, 0)
}
