// Purpose: count the items of each interest and all items. The rarity (idf) of an interest follows from both, and stays
// until the next count.
// Access: write
// Parameters: none
// Returns: interests INTEGER
// Index: feed_name (constraint)
// Scan: all interests are counted; they are few beside items and users. The number of items comes from the count store.
CALL () {
  MATCH (i:Item)
  RETURN count(i) AS items
}
MERGE (f:Feed {name: 'interests'})
SET f.items = items
WITH f
MATCH (n:Interest)
SET n.items = COUNT { (n)<-[:ABOUT]-(:Item) }
RETURN count(*) AS interests
