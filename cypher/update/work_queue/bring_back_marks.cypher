// Purpose: make due now what is marked for later than `millis` from now: no mark is set so far ahead, so the server's
// clock was put back.
// Access: write
// Parameters: millis INTEGER
// Returns: marks INTEGER
// Index: user_due, user_idle_due, item_due
CALL () {
  MATCH (u:User)
  WHERE u.due > timestamp() + $millis
  SET u.due = timestamp()
  RETURN count(*) AS users
}
CALL () {
  MATCH (u:User)
  WHERE u.idle_due > timestamp() + $millis
  SET u.idle_due = timestamp()
  RETURN count(*) AS idle_users
}
CALL () {
  MATCH (i:Item)
  WHERE i.due > timestamp() + $millis
  SET i.due = timestamp()
  RETURN count(*) AS items
}
RETURN users + idle_users + items AS marks
