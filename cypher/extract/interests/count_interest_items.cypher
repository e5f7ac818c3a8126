// Purpose: how many items each interest is about, and of how many; its rarity (idf) follows from both, and stays as it is
// until they are counted again.
// Access: write
// Parameters: none
// Returns: interests INTEGER
// Index: feed_name (constraint)
// Scan: the vocabulary is counted whole; it is small beside items and users. Items are answered from the count store.
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
