// Purpose: lock users and items until the end of the transaction, users first, ordered by id. Every transaction that
// writes to them does this first, so that there are no deadlocks. The lock is a unique key: a node that is created and
// deleted in one transaction is never stored, but no other transaction can create it meanwhile. The nodes themselves
// can't be locked for this: a transaction that waits to write a property holds a lock which the other needs to add a
// relationship.
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
