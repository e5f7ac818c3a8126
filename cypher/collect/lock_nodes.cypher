// Purpose: hold users and items for the rest of the transaction, in the order of their ids, users first: whoever writes to
// them does this first, so that no two wait for each other. What is held is a unique key: a node that is made and taken away
// in one transaction is never stored, but nobody else can make it meanwhile. Nodes themselves can't be held so: who waits to
// write a property of a node holds what who holds the node needs to add a relationship.
// Access: write
// Parameters: user_ids LIST<STRING>, item_ids LIST<STRING>
// Returns: nothing
// Index: lock_key (constraint)
CALL () {
  UNWIND $user_ids AS user_id
  WITH DISTINCT user_id
  ORDER BY user_id
  CREATE (l:Lock {key: 'User ' + user_id})
  DELETE l
}
CALL () {
  UNWIND $item_ids AS item_id
  WITH DISTINCT item_id
  ORDER BY item_id
  CREATE (l:Lock {key: 'Item ' + item_id})
  DELETE l
}
