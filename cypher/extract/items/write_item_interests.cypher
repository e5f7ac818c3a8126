// Purpose: replace the interests of items that this extractor wrote, and store the hash of the content that was read.
// Access: write
// Parameters: rows LIST<MAP>, own LIST<STRING>
// Returns: about INTEGER, removed INTEGER
// Index: item_id (constraint), interest_name (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
SET i.content_hash = row.content_hash
WITH i, row, [about IN row.interests | about.name] AS names
CALL (i, names) {
  MATCH (i)-[old:ABOUT]->(n:Interest)
  WHERE old.extracted_by IN $own AND NOT n.name IN names
  DELETE old
  RETURN count(*) AS removed
}
CALL (i, row) {
  UNWIND row.interests AS about
  MATCH (n:Interest {name: about.name})
  MERGE (i)-[a:ABOUT]->(n)
  ON CREATE SET a.weight = about.weight, a.extracted_by = about.extracted_by
  ON MATCH SET a.weight = CASE WHEN a.extracted_by IN $own THEN about.weight ELSE a.weight END,
               a.extracted_by = CASE WHEN a.extracted_by IN $own THEN about.extracted_by ELSE a.extracted_by END
  RETURN count(*) AS written
}
RETURN sum(written) AS about, sum(removed) AS removed
