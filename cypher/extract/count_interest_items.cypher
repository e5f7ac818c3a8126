// Purpose: how many items each interest is about; its rarity (idf) follows from it.
// Access: write
// Parameters: none
// Returns: interests INTEGER
// Index: none
// Scan: the vocabulary is counted whole; it is small beside items and users.
MATCH (n:Interest)
SET n.items = COUNT { (n)<-[:ABOUT]-(:Item) }
RETURN count(*) AS interests
