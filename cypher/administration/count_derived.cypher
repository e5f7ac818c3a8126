// Purpose: how many relationships of each derived type there are, and what may have changed them since a build: items
// and users that followers linked anew after number `seq` of the feed, and erasures in all.
// Access: read
// Parameters: seq INTEGER
// Returns: similar_items INTEGER, similar_users INTEGER, transitions INTEGER, favoured_items INTEGER, broader INTEGER, linked_items INTEGER, changed_users INTEGER, epoch INTEGER
// Index: user_changed, feed_name (constraint)
// Scan: the numbers of items are compared with one number.
CALL () {
  MATCH (:Item)-[s:SIMILAR_TO]->()
  RETURN count(s) AS similar_items
}
CALL (similar_items) {
  MATCH (:User)-[s:SIMILAR_TO]->()
  RETURN count(s) AS similar_users
}
CALL (similar_users) {
  MATCH ()-[s:FOLLOWED_BY]->()
  RETURN count(s) AS transitions
}
CALL (transitions) {
  MATCH ()-[s:FAVOURS]->()
  RETURN count(s) AS favoured_items
}
CALL (favoured_items) {
  MATCH ()-[s:BROADER]->()
  RETURN count(s) AS broader
}
CALL (broader) {
  MATCH (i:Item)
  WHERE i.linked_seq > $seq
  RETURN count(i) AS linked_items
}
CALL (linked_items) {
  MATCH (u:User)
  WHERE u.changed_seq > $seq
  RETURN count(u) AS changed_users
}
CALL (changed_users) {
  OPTIONAL MATCH (f:Feed {name: 'changes'})
  RETURN coalesce(f.epoch, 0) AS epoch
}
RETURN similar_items, similar_users, transitions, favoured_items, broader, linked_items, changed_users, epoch
